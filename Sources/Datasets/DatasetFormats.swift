import CZlib

extension Dataset.Kind {
  /// What one gives to a command.
  public var argument: String {
    switch self {
    case .aviary: "aviary:count=6000,size=64,seed=1"
    case .csvManifest: "FILE.csv"
    case .jsonlManifest: "FILE.jsonl"
    case .folder, .splitFolders, .cifar10, .cifar100, .fashionMNIST, .idx: "FOLDER"
    }
  }

  /// By what it is recognised.
  public var sign: String {
    switch self {
    case .folder: "a folder for each class, PNG and JPEG in it at any depth"
    case .splitFolders: "train/, val/, test/ of class folders"
    case .csvManifest: "the columns path and label"
    case .jsonlManifest: "lines with file_name and label"
    case .cifar10: "data_batch_1.bin"
    case .cifar100: "train.bin"
    case .fashionMNIST: "train-images-idx3-ubyte, .gz or not, and its labels"
    case .idx: "train-images-idx3-ubyte, .gz or not"
    case .aviary: "the word aviary:"
    }
  }

  /// What comes in this form.
  public var examples: String {
    switch self {
    case .folder: "your photographs; what avocet dataset export writes"
    case .splitFolders: "Imagenette, ImageNet"
    case .csvManifest: "the output of avocet classify, corrected"
    case .jsonlManifest: "metadata.jsonl beside pictures"
    case .cifar10: "CIFAR-10"
    case .cifar100: "CIFAR-100"
    case .fashionMNIST: "Fashion-MNIST"
    case .idx: "MNIST, KMNIST"
    case .aviary: "drawn by the program: \(Aviary.classes.joined(separator: ", "))"
    }
  }
}

extension Dataset {
  /// The version of the library that unpacks `.gz` files.
  public static var zlibVersion: String { unsafe String(cString: CZlib.zlibVersion()) }
}
