import ArgumentParser
import AvocetFiles
import AvocetImages
import AvocetModelFiles
import AvocetNetworks
import AvocetTraining

/// The forms in which a report is printed.
enum ReportFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

/// `avocet model inspect`
struct InspectModel: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract:
      "Show what a model file says: classes, preprocessing, origin, and its network's table.")

  @Argument(help: "The model file.") var model: PathArgument
  @Option(help: "text or json.") var format = ReportFormat.text
  @OptionGroup var common: CommonOptions

  func run(_ session: Session) throws(Failure) -> Int32 {
    let summary = ModelSummary(try readModel(model.path))
    if format == .json {
      try session.print(summary.json)
      return 0
    }
    for (name, value) in facts(summary) {
      try session.print("\(padded(name, 14)) \(escapedText(value.utf8))")
    }
    try session.print("")
    for line in table(summary).lines { try session.print(line) }
    return 0
  }

  private func facts(_ summary: ModelSummary) -> [(String, String)] {
    let (p, origin) = (summary.preprocessing, summary.provenance)
    let recipe = (try? Recipe(json: Array(origin.recipe.utf8)))?.name ?? origin.recipe
    let resizing =
      p.shortSide.map { "short side to \($0) pixels, the middle \(p.width) x \(p.height) of it" }
      ?? "squeezed to \(p.width) x \(p.height) pixels"
    return [
      ("architecture", summary.architecture),
      ("classes", classes(summary.classes)),
      (
        "pictures",
        "\(resizing), \(p.interpolation.rawValue), \(p.grey ? "grey" : "colour"), \(p.views) \(p.views == 1 ? "view" : "views")"
      ),
      ("normalised", "mean \(decimals(p.mean)), deviation \(decimals(p.deviation))"),
      ("temperature", decimal(summary.temperature, 4)),
      ("data", origin.data), ("recipe", recipe), ("licence", origin.licence),
      ("seed", origin.seed.map { "\($0)" } ?? "not known"),
      ("parameters", grouped(summary.parameters)),
      ("multiply-adds", "\(grouped(summary.multiplyAdds)) a picture"),
    ]
  }

  // A thousand names would hide the rest; --format json has them all.
  private func classes(_ names: [String]) -> String {
    let shown = names.count > 20 ? Array(names.prefix(20)) : names
    let rest = names.count > shown.count ? " and \(grouped(names.count - shown.count)) more" : ""
    return "\(grouped(names.count)): \(shown.joined(separator: ", "))\(rest)"
  }

  private func table(_ summary: ModelSummary) -> TextTable {
    var table = TextTable([
      ("node", .left), ("operation", .left), ("output", .right), ("parameters", .right),
      ("multiply-adds", .right), ("sees", .right), ("step", .right), ("level", .left),
    ])
    for node in summary.nodes {
      let field = node.receptiveField
      table.add([
        escapedText(node.node.utf8), node.operation, node.output.description,
        grouped(node.parameters), grouped(node.multiplyAdds), "\(field.size)", "\(field.stride)",
        node.level?.rawValue ?? "",
      ])
    }
    return table
  }
}

/// Numbers as a person reads them: `0.485 0.456 0.406`.
func decimals(_ values: [Float]) -> String {
  values.map { decimal(Double($0), 4) }.joined(separator: " ")
}
