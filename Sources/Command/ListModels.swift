import ArgumentParser
import AvocetFiles
import AvocetNetworks
import AvocetTraining

/// `avocet model list`
struct ListModels: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the networks and the recipes that have a name.")

  @OptionGroup var common: CommonOptions

  func run(_ session: Session) throws(Failure) -> Int32 {
    var networks = TextTable([
      ("architecture", .left), ("pictures", .right), ("parameters", .right),
      ("multiply-adds", .right), ("what it is", .left),
    ])
    for architecture in Architecture.all {
      let network: Network
      do throws(NetworkError) { network = try architecture.network() } catch {
        throw Failure(error.description)
      }
      networks.add([
        architecture.name, architecture.input.description, grouped(network.parameterCount),
        grouped(network.multiplyAdds), architecture.purpose,
      ])
    }
    var recipes = TextTable([
      ("recipe", .left), ("architecture", .left), ("size", .right), ("epochs", .right),
      ("batch", .right), ("optimiser", .left),
    ])
    for recipe in Recipe.named {
      recipes.add([
        recipe.name, recipe.architecture, "\(recipe.size)", "\(recipe.epochs)", "\(recipe.batch)",
        "\(recipe.optimizer.rule.rawValue) at \(recipe.optimizer.learningRate), \(recipe.schedule.rawValue)",
      ])
    }
    for line in networks.lines + [""] + recipes.lines { try session.print(line) }
    return 0
  }
}
