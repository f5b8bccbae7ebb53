import AvocetFiles
import AvocetImages
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A model's weights go from its file to their places piece by piece.
@Suite struct PiecewiseTests {
  // Layers of more outputs than one piece has.
  private func wideModel() throws -> Model {
    var model = try smallModel()
    model.network = try smallNetwork("aviary", classes: 2)
    model.parameters = Parameters(initialising: model.network, seed: 3)
    let input = model.network.inputShape
    (model.preprocessing.height, model.preprocessing.width) = (input.rows, input.columns)
    (model.detectorNames, model.unitMeans) = ([:], [:])
    return model
  }

  @Test(arguments: [1, 2, 5]) func aFileGivesTheSameModelAsItsBytes(_ threads: Int) throws {
    let folder = try TemporaryFolder()
    let model = try wideModel()
    let path = try folder.file("m", model.encoded())
    let read = try Model.read(path, team: ThreadTeam(threads: threads))
    #expect(read.parameters.values.array == model.parameters.values.array)
    #expect(read.encoded() == model.encoded())
  }

  @Test func aNumberThatIsNotFiniteIsNamedWithItsPlaceInAnyPiece() throws {
    let folder = try TemporaryFolder()
    let model = try wideModel()
    let slice = try #require(model.network.layout.slices.last { $0.shape.count == 4 })
    let whole = model.parameters.fileValues(slice)
    let piece = slice.shape[0] * slice.shape[1] * slice.shape[2] * 16
    try #require(whole.count > piece)
    for place in [0, piece - 1, piece, whole.count - 1] {
      var numbers = whole
      numbers[place] = .infinity
      model.parameters.setFileValues(slice, numbers)
      let path = try folder.file("m", model.encoded())
      let error = try #require(throws: ModelFileError.self) { try Model.read(path) }
      #expect(
        error.description
          == "\(path): tensor \"\(slice.name)\" holds inf at index \(place), no finite number")
      #expect(modelRefusal(model.encoded()).map { "\(path): \($0)" } == error.description)
    }
  }

  @Test(arguments: [1, 2, 5]) func ofSeveralFaultsTheFirstInTheNetworksOrderIsNamed(
    _ threads: Int
  ) throws {
    let folder = try TemporaryFolder()
    let model = try wideModel()
    let slices = model.network.layout.slices
    // The later, larger slices are read first; the checksum is wrong too.
    for slice in [slices[slices.count - 2], slices[0]] {
      var numbers = model.parameters.fileValues(slice)
      numbers[numbers.count - 1] = .nan
      model.parameters.setFileValues(slice, numbers)
      var bytes = model.encoded()
      bytes[bytes.count - 4] ^= 1
      let path = try folder.file("m", bytes)
      let error = try #require(throws: ModelFileError.self) {
        try Model.read(path, team: ThreadTeam(threads: threads))
      }
      #expect(error.description.contains("tensor \"\(slice.name)\" holds nan at index"), "\(error)")
    }
  }

  @Test func everyReadingThatFailsIsAnErrorWithTheFilesName() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("m", try smallModel().encoded())
    let counting = FaultyFileSystem(failing: -1)
    _ = try Model.read(path, fileSystem: counting)
    #expect(counting.steps > 5)
    for step in 0..<counting.steps {
      let error = try #require(throws: ModelFileError.self) {
        try Model.read(path, fileSystem: FaultyFileSystem(failing: step))
      }
      #expect(error.description.hasPrefix("\(path): "))
      #expect(isOneLine(error.description))
    }
  }

  @Test func aFileThatIsCutShortWhileItIsReadIsRefused() throws {
    let folder = try TemporaryFolder()
    let bytes = try smallModel().encoded()
    for left in [0, 12, bytes.count / 2, bytes.count - 1] {
      let path = try folder.file("m", bytes)
      let cutting = FaultyFileSystem(
        failing: -1,
        onStatus: { _ = path.withPlatformString { truncate($0, off_t(left)) } })
      let error = try #require(throws: ModelFileError.self) {
        try Model.read(path, fileSystem: cutting)
      }
      #expect(error.description.contains("cut short while it was read"), "\(error)")
    }
  }
}
