import CZlib

extension Dataset {
  /// A form of data that `open` knows.
  public struct Format: Sendable {
    /// Its name.
    public let name: String
    /// What one gives to a command.
    public let argument: String
    /// By what it is recognised.
    public let sign: String
    /// Known data sets of this form.
    public let examples: String
  }

  /// Every form of data, in the order in which they are tried.
  public static let formats = [
    Format(
      name: "aviary", argument: "aviary:count=6000,size=64,seed=1", sign: "the word aviary:",
      examples: "the generated data set: \(Aviary.classes.joined(separator: ", "))"),
    Format(
      name: "CSV list", argument: "FILE.csv", sign: "columns path and label",
      examples: "the output of avocet classify, corrected"),
    Format(
      name: "JSONL list", argument: "FILE.jsonl", sign: "lines with file_name and label",
      examples: "metadata.jsonl of an image folder"),
    Format(
      name: "CIFAR-10 binary", argument: "FOLDER", sign: "data_batch_1.bin", examples: "CIFAR-10"),
    Format(
      name: "CIFAR-100 binary", argument: "FOLDER", sign: "train.bin", examples: "CIFAR-100"),
    Format(
      name: "IDX", argument: "FOLDER", sign: "train-images-idx3-ubyte, .gz or not",
      examples: "MNIST, Fashion-MNIST, KMNIST"),
    Format(
      name: "splits", argument: "FOLDER", sign: "train/, val/, test/ of class folders",
      examples: "Imagenette, ImageNet"),
    Format(
      name: "classes", argument: "FOLDER", sign: "a folder for each class",
      examples: "your photographs; what avocet dataset export writes"),
  ]

  /// The version of the library that unpacks `.gz` files.
  public static var zlibVersion: String { unsafe String(cString: CZlib.zlibVersion()) }
}
