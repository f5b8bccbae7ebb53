import AvocetDatasets
import AvocetFiles
import SystemPackage
import TestSupport
import Testing

@Suite final class ManifestTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try writePictures(["a.png", "in/b, \"c\".png", "-x.png", "'y.png", "é.png"], in: folder.path)
  }

  private func manifest(_ text: String, _ name: String = "set.csv") throws -> FilePath {
    try folder.file(name, text.utf8)
  }

  private func refusal(_ text: String) throws -> String {
    let path = try manifest(text)
    let message = try #require(whyRefused(path.string), "accepted: \(text)")
    #expect(isOneLine(message))
    #expect(message.hasPrefix("\(path): "))
    return message
  }

  @Test func pathsAreRelativeToTheFileAndOtherColumnsAreIgnored() throws {
    let path = try manifest(
      "note,label,path\r\nx,dog,a.png\r\n\"two\nlines\",cat,\"in/b, \"\"c\"\".png\"\r\n,dog,\(folder.path)/é.png\n"
    )
    let dataset = try open(path)
    #expect(dataset.classes == ["cat", "dog"])
    #expect(try contents(dataset, .all) == ["dog 0", "cat 1", "dog 4"])
  }

  @Test func whatClassifyWritesIsAManifest() throws {
    // Refused files have no label, unsure ones are to be looked at, formulas are made harmless.
    let path = try manifest(
      """
      path,label,probability,label2,probability2,error
      a.png,bird,0.900000,cat,0.050000,
      "in/b, ""c"".png",cat,0.500000,bird,0.400000,
      x.jpg,,,,,"JPEG data end at row 37, not 64"
      é.png,(unsure),0.300000,cat,0.200000,
      '-x.png,'-1,0.800000,cat,0.100000,
      'y.png,bird,0.800000,cat,0.100000,

      """)
    let dataset = try open(path)
    #expect(dataset.classes == ["-1", "bird", "cat"])
    #expect(try contents(dataset, .all) == ["bird 0", "cat 1", "-1 2", "bird 3"])
    #expect(dataset.warnings.first == "\(path): 2 rows without a label skipped")
  }

  @Test func aMarkThatASpreadsheetPutsFirstIsNoPartOfTheHeader() throws {
    let path = try manifest("\u{FEFF}path,label\na.png,x\né.png,y\n")
    #expect(try contents(open(path), .all) == ["x 0", "y 4"])
  }

  @Test func linesOfJSONAreAManifest() throws {
    let path = try manifest(
      """
      {"file_name":"a.png","label":"dog","other":{"deep":[1]}}

      {"label":"c\\u0061t","file_name":"in/b, \\"c\\".png"}\r
      {"file_name":"é.png"}
      {"file_name":"-x.png","label":"line\u{2028}end"}

      """, "set.jsonl")
    let dataset = try open(path)
    #expect(dataset.classes == ["cat", "dog", "line\u{2028}end"])
    #expect(try contents(dataset, .all).prefix(2) == ["dog 0", "cat 1"])
    #expect(dataset.warnings.first == "\(path): 1 rows without a label skipped")
  }

  @Test func whatIsNoManifestIsRefusedWithItsReason() throws {
    for (text, reason) in [
      ("", "no columns path and label in its first line ()"),
      ("path;label\na.png;x\n", "first line (path;label)"),
      ("file,label\na.png,x\n", "first line (file,label)"),
      ("path,label\na.png\nb.png,y\n", "row 2 has 1 cells of 2"),
      ("path,label\n\"a.png,x\n", "a quoted cell does not end"),
      ("path,label\n", "no row has a label"), ("path,label\na.png,\n", "no row has a label"),
      ("path,label\na.png,x\né.png,x\n", "only one class (x)"),
      ("{\"file_name\":\"a.png\",\"label\":\"x\"}\n\nnonsense\n", "line 3 is no JSON object"),
      ("{\"path\":\"a.png\",\"top\":[]}\n", "line 1 is no JSON object with file_name and label"),
      ("{\"file_name\":7}", "line 1 is no JSON object"),
      ("{\"file_name\":" + String(repeating: "[", count: 100_000), "line 1 is no JSON object"),
    ] {
      let message = try refusal(text)
      #expect(message.contains(reason), "\(text.prefix(60)): \(message)")
    }
    let binary = try folder.file("set.csv", [0xFF, 0xFE, 0x00])
    #expect(whyRefused(binary.string)?.contains("no UTF-8") == true)
  }

  @Test func aPictureThatIsNotThereIsNamedWhenItIsRead() throws {
    let dataset = try open(try manifest("path,label\na.png,x\nnowhere.png,y\n"))
    let source = try #require(dataset.splits[.all])
    #expect(throws: Never.self) { try source.image(0) }
    #expect(source.identifier(1) == "\(folder.path)/nowhere.png")
    #expect(throws: (any Error).self) { try source.image(1) }
  }

  @Test(arguments: [
    ("a,b\nc,d", [["a", "b"], ["c", "d"]]), ("a,\"b\"\"c\"\r\n", [["a", "b\"c"]]),
    ("\n\na\n\n", [["a"]]), (",\n", [["", ""]]), ("\"\"\n", [[""]]), ("a\"b,c\n", [["a\"b", "c"]]),
    ("\"a\rb\",c\rd\n", [["a\rb", "c\rd"]]), ("\"x\"y,z", [["xy", "z"]]), ("", []),
    ("é,🐦\n", [["é", "🐦"]]),
  ]) func cellsAreReadAsTheStandardSays(text: String, rows: [[String]]) {
    #expect(csvRows(text) == rows)
  }
}
