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

  /// All that can be fetched: torchvision's first ImageNet weights as timm publishes them, each at a fixed revision.
  public static let all = [
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
    let page = "https://huggingface.co/timm/\(name).tv_in1k"
    return PublishedModel(
      name: name, title: "torchvision's \(name) for ImageNet-1k",
      file: RemoteFile(
        name: "\(name).tv_in1k.safetensors",
        address: "\(page)/resolve/\(revision)/model.safetensors", length: length,
        checksum: Checksum(.sha256, digits)),
      provenance: Provenance(
        data: "ImageNet-1k; \(page), revision \(revision)",
        recipe: "torchvision's IMAGENET1K_V1", licence: "BSD-3-Clause"))
  }
}
