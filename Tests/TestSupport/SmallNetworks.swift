import AvocetNetworks

/// The architecture of that name for pictures as small as it can take, or nearly; throws for an unknown one.
public func smallNetwork(_ name: String, classes: Int = 4) throws -> Network {
  let sides = [
    "alexnet": 63, "alexnet_2012": 63, "mobilenet_v1": 64, "squeezenet1_0": 47, "squeezenet1_1": 39,
  ]
  let channels = Architecture.named(name)?.input.channels ?? 3
  let side = sides[name] ?? 32
  return try Architecture.network(
    named: name, input: Shape(side, side, channels), classes: classes)
}
