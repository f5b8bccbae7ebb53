/// Rows or columns of zeros around a feature map; the four sides may differ.
@frozen public struct Padding: Hashable, Sendable, Codable {
  public var top, left, bottom, right: Int

  /// The given four sides.
  public init(top: Int, left: Int, bottom: Int, right: Int) {
    (self.top, self.left, self.bottom, self.right) = (top, left, bottom, right)
  }

  /// The same padding on all four sides.
  public init(_ all: Int) { self.init(top: all, left: all, bottom: all, right: all) }
}

/// The shape of a convolution of channels-last maps: `[row, column, in]` to `[row, column, out]`, weights `[row, column, in / groups, out]`.
@frozen public struct ConvolutionGeometry: Hashable, Sendable, Codable {
  /// Rows and columns of the input map, and channels on either side.
  public var inputRows, inputColumns, inputChannels, outputChannels: Int
  /// Rows and columns of the kernel, and the steps between outputs.
  public var kernelRows, kernelColumns, rowStride, columnStride: Int
  /// Zeros around the input map.
  public var padding: Padding
  /// Groups of channels that do not meet.
  public var groups: Int

  /// The given shape; stride 1, no padding and one group where none is given.
  public init(
    inputRows: Int, inputColumns: Int, inputChannels: Int, outputChannels: Int,
    kernelRows: Int, kernelColumns: Int, rowStride: Int = 1, columnStride: Int = 1,
    padding: Padding = Padding(0), groups: Int = 1
  ) {
    (self.inputRows, self.inputColumns) = (inputRows, inputColumns)
    (self.inputChannels, self.outputChannels) = (inputChannels, outputChannels)
    (self.kernelRows, self.kernelColumns) = (kernelRows, kernelColumns)
    (self.rowStride, self.columnStride) = (rowStride, columnStride)
    (self.padding, self.groups) = (padding, groups)
  }

  /// Rows of the output map.
  public var outputRows: Int {
    (inputRows + padding.top + padding.bottom - kernelRows) / rowStride + 1
  }
  /// Columns of the output map.
  public var outputColumns: Int {
    (inputColumns + padding.left + padding.right - kernelColumns) / columnStride + 1
  }
  /// Input channels that one output channel sees.
  public var groupInputs: Int { inputChannels / groups }
  /// Output channels of one group.
  public var groupOutputs: Int { outputChannels / groups }
  /// Numbers in the weight tensor.
  public var weightCount: Int { kernelRows * kernelColumns * groupInputs * outputChannels }
  /// Numbers in one input map.
  public var inputCount: Int { inputRows * inputColumns * inputChannels }
  /// Numbers in one output map.
  public var outputCount: Int { outputRows * outputColumns * outputChannels }
  /// Multiply-adds for one image.
  public var multiplyAdds: Int {
    outputRows * outputColumns * outputChannels * kernelRows * kernelColumns * groupInputs
  }
  /// Whether each channel is filtered alone.
  public var isDepthwise: Bool { groups == inputChannels && groups == outputChannels && groups > 1 }
}

/// The shape of a pooling of channels-last maps.
@frozen public struct PoolGeometry: Hashable, Sendable, Codable {
  /// Rows and columns of the input map, and its channels.
  public var inputRows, inputColumns, channels: Int
  /// Rows and columns of a window, and the steps between windows.
  public var windowRows, windowColumns, rowStride, columnStride: Int
  /// Pixels around the map that never win a maximum.
  public var padding: Padding
  /// Whether a last, partly filled window counts.
  public var roundsUp: Bool
  /// Whether an average divides by the whole window, padding included.
  public var countsPadding: Bool

  /// The given shape; no padding, whole windows only, where nothing else is given.
  public init(
    inputRows: Int, inputColumns: Int, channels: Int, windowRows: Int, windowColumns: Int,
    rowStride: Int, columnStride: Int, padding: Padding = Padding(0), roundsUp: Bool = false,
    countsPadding: Bool = true
  ) {
    (self.inputRows, self.inputColumns, self.channels) = (inputRows, inputColumns, channels)
    (self.windowRows, self.windowColumns) = (windowRows, windowColumns)
    (self.rowStride, self.columnStride) = (rowStride, columnStride)
    (self.padding, self.roundsUp, self.countsPadding) = (padding, roundsUp, countsPadding)
  }

  /// Rows of the output map.
  public var outputRows: Int {
    outputs(inputRows, padding.top, padding.bottom, windowRows, rowStride)
  }
  /// Columns of the output map.
  public var outputColumns: Int {
    outputs(inputColumns, padding.left, padding.right, windowColumns, columnStride)
  }
  /// Numbers in one input map.
  public var inputCount: Int { inputRows * inputColumns * channels }
  /// Numbers in one output map.
  public var outputCount: Int { outputRows * outputColumns * channels }

  // A window that would begin in the far padding is not counted (PyTorch's rule for ceil_mode).
  private func outputs(_ size: Int, _ before: Int, _ after: Int, _ window: Int, _ stride: Int)
    -> Int
  {
    let span = size + before + after - window
    guard roundsUp else { return span / stride + 1 }
    let count = (span + stride - 1) / stride + 1
    return (count - 1) * stride >= size + before ? count - 1 : count
  }
}

/// The pointwise nonlinearities.
@frozen public enum Activation: String, Codable, Sendable, CaseIterable {
  /// max(x, 0)
  case relu
  /// min(max(x, 0), 6)
  case relu6
  /// x Φ(x) with the exact normal distribution (Hendrycks and Gimpel 2016).
  case gelu
  /// x σ(x) (Elfwing et al. 2017).
  case silu
}

extension Activation {
  /// The bounds of a function that only cuts off, nil for the others.
  public var bounds: (low: Float, high: Float)? {
    switch self {
    case .relu: (0, .infinity)
    case .relu6: (0, 6)
    case .gelu, .silu: nil
    }
  }
}
