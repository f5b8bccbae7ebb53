import AvocetDownloads
import AvocetModelFiles

/// Weights that someone publishes and that fit an architecture.
public struct PublishedModel: Sendable {
  /// What `model fetch` calls it: its architecture's name.
  public let name: String
  /// What it is.
  public let title: String
  /// The file, a safetensors one, in the version whose digest is known.
  public let file: RemoteFile
  /// Where it comes from, for the model's provenance.
  public let provenance: Provenance

  /// The given facts.
  public init(name: String, title: String, file: RemoteFile, provenance: Provenance) {
    (self.name, self.title, self.file, self.provenance) = (name, title, file, provenance)
  }

  /// All that can be fetched, as timm publishes it, each at a fixed revision: torchvision's first ImageNet weights, and Google's EfficientNet-Lite0.
  public static let all = [
    published(
      "efficientnet_lite0", as: "tf_efficientnet_lite0.in1k",
      title: "Google's EfficientNet-Lite0 for ImageNet-1k",
      "38825935cd55b7f62331fbc6fdbe14a0bca3dcfd",
      // The publisher gives the digest and 18.8 MB.
      18_750_000...18_850_000,
      "1b2a452450b5cf3f8f42da5b6214e71d5fda5666bef4dfae0699407e5bef13e1",
      recipe: "trained in TensorFlow by its authors", licence: "Apache-2.0"),
    torchvision(
      "resnet18", "bbd144b3e5565108aad885f145491d11bc6ce807", 46_807_446,
      "694f673df6520a3158624e8a89af086f59923ee4cd7436fe5bc3bc71d295ad81"),
    torchvision(
      "resnet34", "1b7b21cca82ff974d341713f777bf740c2db38c4", 87_278_522,
      "0bb82595a564991a9d424708b33f5d843f5aaed7f6c0886ff10849ff97022235"),
    torchvision(
      "resnet50", "78f3ecfdb38e06d9b8397f662e7ab8fee96026fa", 102_469_840,
      "5d061a3c593d795bfe682d9b152bafbcf550579873492def3515b46db1189888"),
  ]

  private static func torchvision(
    _ name: String, _ revision: String, _ length: Int, _ digits: String
  ) -> PublishedModel {
    published(
      name, as: "\(name).tv_in1k", title: "torchvision's \(name) for ImageNet-1k", revision,
      length...length, digits, recipe: "torchvision's IMAGENET1K_V1", licence: "BSD-3-Clause")
  }

  private static func published(
    _ name: String, as theirs: String, title: String, _ revision: String,
    _ lengths: ClosedRange<Int>, _ digits: String, recipe: String, licence: String
  ) -> PublishedModel {
    let page = "https://huggingface.co/timm/\(theirs)"
    return PublishedModel(
      name: name, title: title,
      file: RemoteFile(
        name: "\(theirs).safetensors", address: "\(page)/resolve/\(revision)/model.safetensors",
        lengths: lengths, checksum: Checksum(.sha256, digits)),
      provenance: Provenance(
        data: "ImageNet-1k; \(page), revision \(revision)", recipe: recipe, licence: licence))
  }
}
