import ArgumentParser
import AvocetDatasets

/// `avocet dataset list`
struct ListDatasets: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the forms of data that every command takes.")

  @OptionGroup var common: CommonOptions

  func run(_ session: Session) throws(Failure) -> Int32 {
    var table = TextTable([
      ("form", .left), ("DATA", .left), ("recognised by", .left), ("for example", .left),
    ])
    for kind in Dataset.Kind.allCases {
      table.add([kind.rawValue, kind.argument, kind.sign, kind.examples])
    }
    for line in table.lines { try session.print(line) }
    return 0
  }
}
