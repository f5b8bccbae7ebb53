import AvocetFiles
import SystemPackage

private let fileLimit = 4 << 30

private func bytes(_ path: FilePath) throws(DatasetError) -> [UInt8] {
  do throws(FileError) { return try readFile(path, limit: fileLimit) } catch {
    throw DatasetError(error.description)
  }
}

extension Dataset {
  /// CIFAR-10's binary files (Krizhevsky 2009): records of a label byte and 3,072 planar bytes.
  static func openCIFAR10(_ folder: FilePath) throws(DatasetError) -> Dataset {
    let names = (1...5).map { "data_batch_\($0).bin" }.filter { exists(folder.appending($0)) }
    let classes =
      try cifarNames(folder.appending("batches.meta.txt")) ?? [
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
      ]
    var splits: [Split: any DataSource] = [:]
    splits[.train] = try cifar("train", folder, names, labelBytes: 1, classes: classes.count)
    if exists(folder.appending("test_batch.bin")) {
      splits[.test] = try cifar(
        "test", folder, ["test_batch.bin"], labelBytes: 1, classes: classes.count)
    }
    return Dataset(kind: .cifar10, classes: classes, splits: splits)
  }

  /// CIFAR-100's binary files: records of a coarse and a fine label byte and 3,072 planar bytes; the fine label counts.
  static func openCIFAR100(_ folder: FilePath) throws(DatasetError) -> Dataset {
    let classes =
      try cifarNames(folder.appending("fine_label_names.txt"))
      ?? (0..<100).map { "class \($0)" }
    var splits: [Split: any DataSource] = [:]
    splits[.train] = try cifar(
      "train", folder, ["train.bin"], labelBytes: 2, classes: classes.count)
    if exists(folder.appending("test.bin")) {
      splits[.test] = try cifar("test", folder, ["test.bin"], labelBytes: 2, classes: classes.count)
    }
    return Dataset(kind: .cifar100, classes: classes, splits: splits)
  }

  static func exists(_ path: FilePath) -> Bool {
    (try? RealFileSystem().status(of: path, followingLinks: true).kind) == .regular
  }

  private static func cifarNames(_ path: FilePath) throws(DatasetError) -> [String]? {
    guard exists(path) else { return nil }
    let lines = String(decoding: try bytes(path), as: UTF8.self).split(whereSeparator: \.isNewline)
    return lines.isEmpty ? nil : lines.map(String.init)
  }

  private static func cifar(
    _ split: String, _ folder: FilePath, _ names: [String], labelBytes: Int, classes: Int
  ) throws(DatasetError) -> MemorySource {
    let record = labelBytes + 3072
    var (pixels, labels): ([UInt8], [UInt8]) = ([], [])
    for name in names {
      let path = folder.appending(name)
      let data = try bytes(path)
      guard !data.isEmpty, data.count % record == 0 else {
        throw DatasetError(
          "\(path.escaped): \(grouped(data.count)) bytes are no whole number of records of \(grouped(record))"
        )
      }
      for start in stride(from: 0, to: data.count, by: record) {
        let label = data[start + labelBytes - 1]
        guard Int(label) < classes else {
          throw DatasetError(
            "\(path.escaped): record \(start / record) has label \(label); there are \(classes) classes"
          )
        }
        labels.append(label)
        pixels += data[(start + labelBytes)..<(start + record)]
      }
    }
    return MemorySource(
      name: split, width: 32, height: 32, channels: 3, bytes: pixels, labels: labels, planar: true)
  }

  /// The MNIST family's IDX files (LeCun), plain or gzip.
  static func openIDX(_ folder: FilePath) throws(DatasetError) -> Dataset {
    var splits: [Split: any DataSource] = [:]
    var largest = 0
    for (split, stem) in [(Split.train, "train"), (.test, "t10k")] {
      guard let images = idxPath(folder, "\(stem)-images-idx3-ubyte") else { continue }
      guard let labels = idxPath(folder, "\(stem)-labels-idx1-ubyte") else {
        throw DatasetError("\(images.escaped): has no \(stem)-labels-idx1-ubyte beside it")
      }
      let (sizes, pixels) = try idx(images, dimensions: 3)
      let (counts, classes) = try idx(labels, dimensions: 1)
      guard counts[0] == sizes[0] else {
        throw DatasetError(
          "\(labels.escaped): \(grouped(counts[0])) labels for \(grouped(sizes[0])) pictures")
      }
      largest = max(largest, Int(classes.max() ?? 0))
      splits[split] = MemorySource(
        name: split.rawValue, width: sizes[2], height: sizes[1], channels: 1, bytes: pixels,
        labels: classes, planar: false)
    }
    let isFashion = splits.contains { isFashionMNIST($1, of: $0) }
    let classes = isFashion ? fashionNames : (0...largest).map { "\($0)" }
    guard classes.count > 1 else {
      throw DatasetError("\(folder.escaped): every picture has label 0; two classes are the least")
    }
    return Dataset(kind: isFashion ? .fashionMNIST : .idx, classes: classes, splits: splits)
  }

  private static let fashionNames = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
    "Ankle boot",
  ]

  // Fashion-MNIST (Xiao, Rasul and Vollgraf 2017) has MNIST's file names; its published labels begin so.
  private static func isFashionMNIST(_ source: any DataSource, of split: Split) -> Bool {
    let start = split == .train ? [9, 0, 0, 3, 0, 2, 7, 2, 5, 5] : [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]
    return source.count >= 10_000 && (0..<start.count).allSatisfy { source.label($0) == start[$0] }
  }

  private static func idxPath(_ folder: FilePath, _ name: String) -> FilePath? {
    [folder.appending(name), folder.appending(name + ".gz")].first { exists($0) }
  }

  private static func idx(_ path: FilePath, dimensions: Int) throws(DatasetError) -> (
    [Int], [UInt8]
  ) {
    var data = try bytes(path)
    if data.starts(with: [0x1F, 0x8B]) {
      guard let plain = gunzip(data, limit: fileLimit) else {
        throw DatasetError("\(path.escaped): the gzip data are damaged or cut short")
      }
      data = plain
    }
    guard data.count >= 4 + 4 * dimensions, data.starts(with: [0, 0, 8, UInt8(dimensions)]) else {
      throw DatasetError(
        "\(path.escaped): not an IDX file of bytes in \(dimensions) dimension\(dimensions == 1 ? "" : "s") (magic \(Array(data.prefix(4))))"
      )
    }
    let sizes = (0..<dimensions).map { i in
      (0..<4).reduce(0) { $0 << 8 | Int(data[4 + 4 * i + $1]) }
    }
    let start = 4 + 4 * dimensions
    guard sizes.allSatisfy({ $0 > 0 }), let count = checkedProduct(sizes),
      count == data.count - start
    else {
      throw DatasetError(
        "\(path.escaped): sizes \(sizes) do not match the \(grouped(data.count - start)) bytes that follow"
      )
    }
    return (sizes, Array(data[start...]))
  }
}
