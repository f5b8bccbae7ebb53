import ArgumentParser
import AvocetDatasets
import AvocetDownloads
import AvocetFiles
import AvocetImages
import AvocetKernels
import AvocetTraining
import SystemPackage

/// `avocet doctor`
struct Doctor: SessionCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look whether this machine and this program are sound.",
    discussion: "A line for each thing, ok or problem; exit 2 if there is a problem.")

  @OptionGroup var common: CommonOptions

  /// What was looked at, and what is wrong with it, or else how it is.
  private typealias Finding = (name: String, isSound: Bool, text: String)

  func run(_ session: Session) throws(Failure) -> Int32 {
    let findings =
      [kernels, cores, memory, libraries, temporaryFolder(session), convolution] + codecs
    for finding in findings {
      try session.print(
        "\(padded(finding.isSound ? "ok" : "problem", 8)) \(padded(finding.name, 12)) \(finding.text)"
      )
    }
    return findings.allSatisfy(\.isSound) ? 0 : 2
  }

  private var kernels: Finding {
    let chosen = Kernels.chosen
    let advice = chosen.isReal ? "" : "; build the package itself, or with -Xcc -march=native"
    return (
      "kernels", chosen.isReal,
      "\(chosen.name) chosen; this processor can run \(AvocetCommand.kernelTables)\(advice)"
    )
  }

  private var cores: Finding {
    ("cores", true, "\(availableCores()) that this process may use")
  }

  private var memory: Finding {
    let size = binarySize(physicalMemory)
    let isEnough = physicalMemory >= 1 << 30
    return ("memory", isEnough, isEnough ? size : "\(size); training wants 1 GiB and more")
  }

  private var libraries: Finding {
    (
      "libraries", true,
      (codecLibraries + ["zlib \(Dataset.zlibVersion)", "libcurl \(Download.curlVersion)"]).joined(
        separator: ", ")
    )
  }

  private func temporaryFolder(_ session: Session) -> Finding {
    let folder = FilePath(session.streams.environment["TMPDIR"] ?? "/tmp")
    let file = folder.appending(".avocet-doctor")
    do throws(FileError) { try writeFileAtomically([0], to: file) } catch {
      return ("files", false, error.description)
    }
    do throws(Errno) { try RealFileSystem().remove(file) } catch {
      return ("files", false, FileError(path: file, error).description)
    }
    return ("files", true, "\(folder.escaped) can be written")
  }

  // Single precision over 45 products: a few units in the last place; ten times that with Winograd's tiles.
  private var convolution: Finding {
    let limit = 1e-5
    let errors = Kernels.available.map { (name: $0.name, error: $0.convolutionErrors()) }
    let wrong = errors.filter { !($0.error.direct <= limit && $0.error.winograd <= 10 * limit) }
      .map(\.name)
    let names = errors.map(\.name).joined(separator: ", ")
    return (
      "convolution", wrong.isEmpty,
      wrong.isEmpty
        ? "\(names) agree with the plain reference"
        : "\(wrong.joined(separator: ", ")): wrong by more than \(limit) of the largest result (\(10 * limit) with Winograd's tiles)"
    )
  }

  private var codecs: [Finding] {
    // A slope of grey: 8 a column, 7 a row.
    let pixels = (0..<(3 * 16 * 16)).map { (i: Int) -> UInt8 in
      let (row, column) = (i / 48, i / 3 % 16)
      return UInt8(8 * column + 7 * row)
    }
    let image = Image(width: 16, height: 16, pixels: pixels)
    return [
      ("png", image.encodedPNG(), 0), ("jpeg", image.encodedJPEG(quality: 95), 12),
    ].map { name, bytes, tolerance in
      do throws(ImageError) {
        let decoded = try decodeImage(bytes).image
        let worst = zip(decoded.pixels, pixels).map { abs(Int($0) - Int($1)) }.max() ?? 255
        return worst <= tolerance
          ? (name, true, "a picture comes back as it was written")
          : (name, false, "a picture comes back with errors of up to \(worst) of 255")
      } catch { return (name, false, "a picture written here cannot be read: \(error.message)") }
    }
  }
}
