import AvocetKernels

/// What a node computes: the closed list of layers.
public enum Operation: Hashable, Sendable {
  /// The picture itself.
  case input(Shape)
  /// See `Convolution`.
  case convolution(Convolution)
  /// See `Dense`.
  case dense(Dense)
  /// See `BatchNorm`.
  case batchNorm(BatchNorm)
  /// See `Activation`.
  case activation(Nonlinearity)
  /// See `Pool`.
  case maxPool(Pool)
  /// See `Pool`.
  case averagePool(Pool)
  /// See `GlobalAveragePool`.
  case globalAveragePool(GlobalAveragePool)
  /// See `Sum`.
  case add(Sum)
  /// See `Concatenation`.
  case concatenation(Concatenation)
  /// See `Scale`.
  case scale(Scale)
  /// See `LocalResponseNorm`.
  case localResponseNorm(LocalResponseNorm)

  /// The name in files.
  public enum Kind: String, Codable, CaseIterable, Sendable {
    case input, convolution, dense, batchNorm, activation, maxPool, averagePool, globalAveragePool
    case add, concatenation, scale, localResponseNorm
  }

  /// Which case it is.
  public var kind: Kind {
    switch self {
    case .input: .input
    case .convolution: .convolution
    case .dense: .dense
    case .batchNorm: .batchNorm
    case .activation: .activation
    case .maxPool: .maxPool
    case .averagePool: .averagePool
    case .globalAveragePool: .globalAveragePool
    case .add: .add
    case .concatenation: .concatenation
    case .scale: .scale
    case .localResponseNorm: .localResponseNorm
    }
  }

  /// The layer, nil for the input.
  var layer: (any Layer)? {
    switch self {
    case .input: nil
    case .convolution(let layer): layer
    case .dense(let layer): layer
    case .batchNorm(let layer): layer
    case .activation(let layer): layer
    case .maxPool(let layer), .averagePool(let layer): layer
    case .globalAveragePool(let layer): layer
    case .add(let layer): layer
    case .concatenation(let layer): layer
    case .scale(let layer): layer
    case .localResponseNorm(let layer): layer
    }
  }
}

extension Operation: Codable {
  private enum Key: CodingKey { case kind, shape }

  /// Reads `{"kind": ..., the layer's own fields}`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    switch try container.decode(Kind.self, forKey: .kind) {
    case .input: self = .input(try container.decode(Shape.self, forKey: .shape))
    case .convolution: self = .convolution(try Convolution(from: decoder))
    case .dense: self = .dense(try Dense(from: decoder))
    case .batchNorm: self = .batchNorm(try BatchNorm(from: decoder))
    case .activation: self = .activation(try Nonlinearity(from: decoder))
    case .maxPool: self = .maxPool(try Pool(from: decoder))
    case .averagePool: self = .averagePool(try Pool(from: decoder))
    case .globalAveragePool: self = .globalAveragePool(GlobalAveragePool())
    case .add: self = .add(Sum())
    case .concatenation: self = .concatenation(Concatenation())
    case .scale: self = .scale(try Scale(from: decoder))
    case .localResponseNorm: self = .localResponseNorm(try LocalResponseNorm(from: decoder))
    }
  }

  /// Writes `{"kind": ..., the layer's own fields}`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(kind, forKey: .kind)
    if case .input(let shape) = self { try container.encode(shape, forKey: .shape) }
    try layer?.encode(to: encoder)
  }
}
