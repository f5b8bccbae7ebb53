import AvocetFiles
import SystemPackage
import TestSupport
import Testing

struct ClassifyOutputTests {
  private func folderOfPictures() throws -> (TemporaryFolder, [String]) {
    let folder = try TemporaryFolder()
    for i in 10..<30 { try folder.pictures("p/\(i).png") }
    try folder.write("p/15.png", [1, 2, 3])
    return (folder, ["classify", try folder.model(), folder.at("p"), "--quiet"])
  }

  @Test(arguments: ["csv", "jsonl", "text"])
  func aFileTakesTheSameBytesAsStandardOutput(_ format: String) throws {
    let (folder, arguments) = try folderOfPictures()
    let form = ["--format", format]
    let expected = avocet(arguments + form)
    let run = avocet(arguments + form + ["--output", folder.at("out")])
    #expect(run.code == 1)
    #expect(run.output.isEmpty)
    #expect(try folder.text("out") == expected.output)
    #expect(!folder.has("out.part"))
  }

  @Test(arguments: ["csv", "jsonl", "text"])
  func anInterruptedFileIsResumedToTheSameBytes(_ format: String) throws {
    let (folder, arguments) = try folderOfPictures()
    let expected = avocet(arguments + ["--format", format]).output
    let out = arguments + ["--format", format, "--output", folder.at("out")]
    let stopped = avocet(out, Surroundings(signal: (15, 6)))
    #expect(stopped.code == 143)
    #expect(stopped.error.hasSuffix("avocet: stopped after 7 files; go on with --resume\n"))
    #expect(!folder.has("out"))
    let part = try folder.text("out.part")
    #expect(!part.isEmpty && expected.hasPrefix(part))
    // Half a line is what a crash leaves.
    try folder.write("out.part", Array((part + "/half/a").utf8))
    let resumed = avocet(out + ["--resume"])
    #expect(resumed.code == 1)
    #expect(try folder.text("out") == expected)
    #expect(!folder.has("out.part"))
  }

  @Test func aResumeOfOtherInputsIsRefused() throws {
    let (folder, arguments) = try folderOfPictures()
    let out = arguments + ["--output", folder.at("out")]
    _ = avocet(out, Surroundings(signal: (2, 6)))
    let part = try folder.text("out.part")
    try folder.pictures("p/00.png")
    let run = avocet(out + ["--resume"])
    #expect(run.code == 2)
    #expect(
      run.errors == [
        "avocet: \(folder.at("out")): cannot resume: line 7 is for \(folder.at("p/16.png")), now the input there is \(folder.at("p/15.png")); start anew without --resume"
      ])
    #expect(try folder.text("out.part") == part)
  }

  @Test func nothingToClassifyLeavesNoFile() throws {
    let folder = try TemporaryFolder()
    try makeFolders(FilePath(folder.at("empty")))
    let run = avocet(
      "classify", try folder.model(), folder.at("empty"), "--output", folder.at("out"))
    #expect(run.code == 2)
    #expect(try folder.files() == ["model.safetensors"])
  }

  @Test func anUnwritableFileIsExitFive() throws {
    let (folder, arguments) = try folderOfPictures()
    let below = folder.at("model.safetensors/out")
    let run = avocet(arguments + ["--output", below])
    #expect(run.code == 5)
    #expect(run.errors == ["avocet: \(below).part: not a directory"])
    let full = avocet(arguments + ["--output", "/dev/full"])
    #expect(full.code == 5)
    #expect(full.error.hasSuffix("avocet: /dev/full: no space left on device\n"))
    let onFolder = avocet(arguments + ["--output", folder.at("p")])
    #expect(onFolder.code == 5)
    #expect(onFolder.errors == ["avocet: \(folder.at("p")): is a folder, not a file"])
  }

  @Test func standardOutputThatTakesNothingIsExitFive() throws {
    let (folder, arguments) = try folderOfPictures()
    let run = avocet(arguments, Surroundings(outputLimit: 0))
    #expect(folder.has("p/10.png"))
    #expect(run.code == 5)
    #expect(
      run.error.hasSuffix(
        "avocet: standard output: could not be written; the results are not complete\n"))
  }

  @Test func aSignalWithoutAFileStillSaysHowFarItCame() throws {
    let (folder, arguments) = try folderOfPictures()
    let run = avocet(arguments, Surroundings(signal: (2, 3)))
    #expect(folder.has("p/10.png"))
    #expect(run.code == 130)
    #expect(run.lines.count == 5)
    #expect(run.errors == ["avocet: stopped after 4 files"])
  }

  @Test func linksSortPicturesByClass() throws {
    let folder = try TemporaryFolder()
    for name in ["a/1.png", "b/1.png", "c/2.png"] { try folder.pictures(name) }
    let model = try folder.model(["..", "x/y", ".hidden"])
    let pictures = ["a/1.png", "b/1.png", "c/2.png"].map(folder.at)
    let arguments =
      ["classify", model] + pictures + ["--link-into", folder.at("links"), "--quiet"]
    let run = avocet(arguments)
    #expect(run.code == 0)
    let links = try folder.files("links/")
    #expect(links.count == 3)
    for link in links {
      let parts = link.split(separator: "/")
      #expect(parts.count == 3 && ["_..", "x_y", "_.hidden"].contains(String(parts[1])))
      let target = try RealFileSystem().status(of: FilePath(folder.at(link)), followingLinks: true)
      let originals = try pictures.map {
        try RealFileSystem().status(of: FilePath($0), followingLinks: true).identity
      }
      #expect(originals.contains(target.identity))
    }
    let again = avocet(arguments)
    #expect(again.code == 2)
    #expect(again.errors.count == 1)
    #expect(again.error.hasPrefix("avocet: \(folder.at("links")): is not empty ("))
  }
}
