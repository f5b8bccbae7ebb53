import AvocetDownloads
import AvocetFiles
import SystemPackage

/// A data set that its publisher offers for download.
public struct PublishedDataset: Sendable {
  /// A file of an archive that is kept.
  public struct Member: Sendable, Hashable {
    /// Its path in the archive; it is unpacked under the last component.
    public let path: String
    /// How many bytes it has, at least and at most.
    public let length: ClosedRange<Int>

    /// The given facts.
    public init(_ path: String, length: ClosedRange<Int>) {
      (self.path, self.length) = (path, length)
    }

    /// What it is called once it is unpacked.
    public var name: String { path.split(separator: "/").last.map(String.init) ?? path }
  }

  /// What the command line calls it.
  public let name: String
  /// What people call it.
  public let title: String
  /// The publisher's page about it.
  public let page: String
  /// What the publisher says about its use.
  public let terms: String
  /// What to cite.
  public let citation: String
  /// The files to download.
  public let files: [RemoteFile]
  /// What to unpack, if `files` is one `.tar.gz`; empty if the files are used as they are.
  public let members: [Member]

  /// The given facts.
  public init(
    name: String, title: String, page: String, terms: String, citation: String,
    files: [RemoteFile], members: [Member] = []
  ) {
    (self.name, self.title, self.page) = (name, title, page)
    (self.terms, self.citation) = (terms, citation)
    (self.files, self.members) = (files, members)
  }

  /// The same data from another place: the files' names under `base`, what they must contain unchanged.
  public func mirrored(at base: String) -> PublishedDataset {
    PublishedDataset(
      name: name, title: title, page: page, terms: terms, citation: citation,
      files: files.map { $0.mirrored(at: base) }, members: members)
  }

  /// The file that says where the data came from; it is written last.
  static let sourceName = "SOURCE.txt"

  /// Every name that may come to lie in the folder.
  var names: Set<String> {
    let own = files.map(\.name) + members.map(\.name) + [Self.sourceName]
    return Set(own + own.map { $0 + ".part" })
  }

  /// Bytes to download.
  public var length: Int { files.reduce(0) { $0 + $1.length } }

  /// What `SOURCE.txt` says.
  var source: String {
    var lines = [title, "", "Page: \(page)", "Terms: \(terms)", "Cite: \(citation)", ""]
    for file in files {
      lines += [
        "\(file.address)",
        "  \(grouped(file.length)) bytes, \(file.checksum.algorithm.rawValue) \(file.checksum.digits), verified after the download",
      ]
    }
    if !members.isEmpty {
      lines += ["", "Unpacked from it: \(members.map(\.name).joined(separator: ", "))"]
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension PublishedDataset {
  /// What can be fetched, with the addresses, lengths and checksums that are published.
  public static let all: [PublishedDataset] = [cifar10, cifar100, mnist, fashionMNIST]

  private static let cifarTerms =
    "the publisher's page states no licence; it asks to cite the report. The pictures come from the web and may be subject to their owners' rights."
  private static let cifarCitation =
    "Alex Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009"

  private static let cifar10 = PublishedDataset(
    name: "cifar10", title: "CIFAR-10, binary version",
    page: "https://www.cs.toronto.edu/~kriz/cifar.html", terms: cifarTerms,
    citation: cifarCitation,
    files: [
      RemoteFile(
        name: "cifar-10-binary.tar.gz",
        address: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", length: 170_052_171,
        checksum: Checksum(.md5, "c32a1d4ab5d03f1284b67883e8d87530"))
    ],
    members: (1...5).map { batch("cifar-10-batches-bin/data_batch_\($0).bin") } + [
      batch("cifar-10-batches-bin/test_batch.bin"),
      Member("cifar-10-batches-bin/batches.meta.txt", length: 1...65_536),
    ])

  // 10,000 records of a label and 32 x 32 pixels.
  private static func batch(_ path: String) -> Member {
    Member(path, length: 30_730_000...30_730_000)
  }

  private static let cifar100 = PublishedDataset(
    name: "cifar100", title: "CIFAR-100, binary version",
    page: "https://www.cs.toronto.edu/~kriz/cifar.html", terms: cifarTerms,
    citation: cifarCitation,
    files: [
      RemoteFile(
        name: "cifar-100-binary.tar.gz",
        address: "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz", length: 168_513_733,
        checksum: Checksum(.md5, "03b5dce01913d631647c71ecec9e9cb8"))
    ],
    members: [
      Member("cifar-100-binary/train.bin", length: 153_700_000...153_700_000),
      Member("cifar-100-binary/test.bin", length: 30_740_000...30_740_000),
      Member("cifar-100-binary/fine_label_names.txt", length: 1...65_536),
      Member("cifar-100-binary/coarse_label_names.txt", length: 1...65_536),
    ])

  // The four files of the MNIST family: lengths and MD5 of training pictures and labels, then of the test's.
  private static func idxFiles(_ base: String, _ facts: [(Int, String)]) -> [RemoteFile] {
    let names = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"]
    return zip(names, facts).map { name, facts in
      RemoteFile(
        name: name + "-ubyte.gz", address: base + name + "-ubyte.gz", length: facts.0,
        checksum: Checksum(.md5, facts.1))
    }
  }

  private static let mnist = PublishedDataset(
    name: "mnist", title: "MNIST, handwritten digits", page: "http://yann.lecun.com/exdb/mnist/",
    terms:
      "the publisher's page states no licence. The publisher's server refuses downloads; the address is the mirror that the field uses.",
    citation:
      "Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, Gradient-Based Learning Applied to Document Recognition, Proceedings of the IEEE 86(11), 1998",
    files: idxFiles(
      "https://ossci-datasets.s3.amazonaws.com/mnist/",
      [
        (9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        (28_881, "d53e105ee54ea40749a09fcbcd1e9432"),
        (1_648_877, "9fb629c4189551a2d022fa330f9573f3"),
        (4_542, "ec29112dd5afa0611ce80d1b7f02629c"),
      ]))

  private static let fashionMNIST = PublishedDataset(
    name: "fashion-mnist", title: "Fashion-MNIST",
    page: "https://github.com/zalandoresearch/fashion-mnist",
    terms: "MIT licence, copyright 2017 Zalando SE",
    citation:
      "H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms, arXiv:1708.07747, 2017",
    files: idxFiles(
      "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
      [
        (26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        (29_515, "25c81989df183df01b3e8a0aad5dffbe"),
        (4_422_102, "bef4ecab320f06d8554ea6380940ec79"),
        (5_148, "bb300cfdad3c16e7a12a480ee83cd310"),
      ]))
}
