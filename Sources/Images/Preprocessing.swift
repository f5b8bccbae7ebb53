/// How a picture becomes the numbers that a network takes; it is stored in the model, so that training and use agree.
public struct Preprocessing: Codable, Hashable, Sendable {
  /// Rows that the network takes.
  public var height: Int
  /// Columns that the network takes.
  public var width: Int
  /// The picture is resized so that its short side has this many pixels, then the middle is cut out; nil: the whole
  /// picture is squeezed to height x width.
  public var shortSide: Int?
  /// How pixels between pixels are found.
  public var interpolation: Interpolation
  /// The mean of x / 255, a number for each channel.
  public var mean: [Float]
  /// The deviation of x / 255, a number for each channel.
  public var deviation: [Float]
  /// The colour behind transparent pixels and beside a picture that is too small: red, green, blue.
  public var background: [UInt8]
  /// Whether the network takes one channel, the luma (299 R + 587 G + 114 B) / 1000.
  public var grey: Bool
  /// How many views of a picture the prediction is averaged over: 1, 2 (mirrored) or 6 (three places, mirrored); see `views(of:)`.
  public var views: Int
  /// Whether a JPEG that is much larger than needed is decoded at 1/2, 1/4 or 1/8 of its size before it is resized.
  public var scaledDecoding: Bool

  /// The given values.
  public init(
    height: Int, width: Int, shortSide: Int? = nil, interpolation: Interpolation = .bilinear,
    mean: [Float] = [0.5, 0.5, 0.5], deviation: [Float] = [0.5, 0.5, 0.5],
    background: [UInt8] = [255, 255, 255], grey: Bool = false, views: Int = 1,
    scaledDecoding: Bool = false
  ) {
    (self.height, self.width, self.shortSide) = (height, width, shortSide)
    (self.interpolation, self.mean, self.deviation) = (interpolation, mean, deviation)
    (self.background, self.grey, self.views) = (background, grey, views)
    self.scaledDecoding = scaledDecoding
  }

  /// 1 or 3.
  public var channels: Int { grey ? 1 : 3 }

  /// How a file is decoded for these views: twice as large as the resized picture at least.
  public func decoding(limits: DecodingLimits = DecodingLimits()) -> DecodingOptions {
    DecodingOptions(
      background: backgroundColor, limits: limits,
      enoughShortSide: scaledDecoding ? 2 * (shortSide ?? max(height, width)) : nil)
  }

  /// Numbers that the network takes for one view.
  public var count: Int { height * width * channels }

  /// The background as a colour.
  public var backgroundColor: RGB {
    background.count == 3 ? RGB(background[0], background[1], background[2]) : .white
  }

  /// What a pixel may become.
  private static let largest: Float = 1e6

  /// What is wrong with the values, or nil; a model file may hold anything.
  public var problem: String? {
    let sizes = 1...16384
    if !sizes.contains(height) || !sizes.contains(width) {
      return "view of \(width) x \(height) pixels; 1 to 16384 are possible"
    }
    if let shortSide, !sizes.contains(shortSide) { return "short side of \(shortSide) pixels" }
    if mean.count != channels || deviation.count != channels {
      return "\(mean.count) means and \(deviation.count) deviations for \(channels) channels"
    }
    if !mean.allSatisfy(\.isFinite) { return "a mean that is not finite" }
    if !deviation.allSatisfy({ $0.isFinite && $0 > 0 }) {
      return "a deviation that is not positive"
    }
    for (mean, deviation) in zip(mean, deviation)
    where max(abs(mean), abs(1 - mean)) / deviation > Self.largest {
      return
        "a mean of \(mean) and a deviation of \(deviation): pixels would become numbers above \(Self.largest)"
    }
    if background.count != 3 { return "a background of \(background.count) numbers, not 3" }
    if ![1, 2, 6].contains(views) { return "\(views) views; 1, 2 and 6 are possible" }
    return nil
  }

  /// Reads the values and refuses those that no network can have.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      height: try values.decode(Int.self, forKey: .height),
      width: try values.decode(Int.self, forKey: .width),
      shortSide: try values.decodeIfPresent(Int.self, forKey: .shortSide),
      interpolation: try values.decode(Interpolation.self, forKey: .interpolation),
      mean: try values.decode([Float].self, forKey: .mean),
      deviation: try values.decode([Float].self, forKey: .deviation),
      background: try values.decodeIfPresent([UInt8].self, forKey: .background) ?? [255, 255, 255],
      grey: try values.decodeIfPresent(Bool.self, forKey: .grey) ?? false,
      views: try values.decodeIfPresent(Int.self, forKey: .views) ?? 1,
      scaledDecoding: try values.decodeIfPresent(Bool.self, forKey: .scaledDecoding) ?? false)
    if let problem {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "preprocessing: \(problem)"))
    }
  }
}

extension Preprocessing {
  /// The size a picture is resized to and the place in it that is cut out.
  struct Plan {
    var width, height, x, y: Int
  }

  /// The plan for a picture of the given size; `shift` is -1, 0 or 1 for the first, middle or last cut.
  func plan(_ pictureWidth: Int, _ pictureHeight: Int, shift: Int = 0) -> Plan {
    guard let shortSide else { return Plan(width: width, height: height, x: 0, y: 0) }
    let (short, long) = (min(pictureWidth, pictureHeight), max(pictureWidth, pictureHeight))
    let longSide = shortSide * long / short
    let isWide = pictureWidth >= pictureHeight
    let resized = isWide ? (longSide, shortSide) : (shortSide, longSide)
    // Halves are rounded as torchvision does: to even where something is cut off, down where something is added.
    func start(_ free: Int) -> Int {
      if free <= 0 { return -(-free / 2) }
      if shift == 0 { return Int((Double(free) / 2).rounded(.toNearestOrEven)) }
      return shift < 0 ? 0 : free
    }
    return Plan(
      width: resized.0, height: resized.1, x: start(resized.0 - width),
      y: start(resized.1 - height))
  }

  /// The picture at the size from which its views are cut, so that this need not be done again: its views stay the same. One whose long side would
  /// make it large stays as it is.
  public func resized(_ image: Image) -> Image {
    let plan = plan(image.width, image.height)
    if plan.width * plan.height > 4 * max(height * width, (shortSide ?? 0) * (shortSide ?? 0)) {
      return image
    }
    return image.resized(width: plan.width, height: plan.height, interpolation: interpolation)
  }

  /// The picture resized and cropped to height x width.
  public func view(of image: Image) -> Image { view(of: image, shift: 0) }

  /// The views that a prediction is averaged over: the middle, its mirror image, then the beginning and the end of the
  /// picture with theirs. Where the view is the whole picture, it is moved by a pixel down to the right and up to the left
  /// instead; what comes in repeats the edge mirrored.
  public func views(of image: Image) -> [Image] {
    if views == 1 { return [view(of: image)] }
    let middle = plan(image.width, image.height)
    let hasRoom = middle.width > width || middle.height > height
    let shifts = views == 6 ? [0, -1, 1] : [0]
    return shifts.flatMap { shift in
      let view =
        hasRoom || shift == 0
        ? view(of: image, shift: shift) : view(of: image).shifted(x: shift, y: shift)
      return [view, view.mirrored]
    }
  }

  /// What each of the views counts: the middle and its mirror image half of all.
  public var viewWeights: [Float] {
    switch views {
    case 2: [0.5, 0.5]
    case 6: [0.25, 0.25, 0.125, 0.125, 0.125, 0.125]
    default: [1]
    }
  }

  private func view(of image: Image, shift: Int) -> Image {
    let plan = plan(image.width, image.height, shift: shift)
    let columns = max(plan.x, 0)..<min(plan.x + width, plan.width)
    let rows = max(plan.y, 0)..<min(plan.y + height, plan.height)
    let part = image.resized(
      width: plan.width, height: plan.height, interpolation, columns: columns, rows: rows)
    return part.cropped(
      x: min(plan.x, 0), y: min(plan.y, 0), width: width, height: height,
      background: backgroundColor)
  }

  /// Where a rectangle of the view lies in the picture of the given size, cut off at the picture's edges.
  public func place(of rectangle: Rectangle, width pictureWidth: Int, height pictureHeight: Int)
    -> Rectangle
  {
    let plan = plan(pictureWidth, pictureHeight)
    func edge(_ value: Double, _ offset: Int, _ resized: Int, _ original: Int) -> Double {
      let scaled = (value + Double(offset)) * Double(original) / Double(resized)
      return min(max(scaled, 0), Double(original))
    }
    let left = edge(rectangle.x, plan.x, plan.width, pictureWidth)
    let right = edge(rectangle.x + rectangle.width, plan.x, plan.width, pictureWidth)
    let top = edge(rectangle.y, plan.y, plan.height, pictureHeight)
    let bottom = edge(rectangle.y + rectangle.height, plan.y, plan.height, pictureHeight)
    return Rectangle(x: left, y: top, width: right - left, height: bottom - top)
  }

  /// Where a point of the view lies in the picture of the given size, beyond its edges too.
  public func origin(x: Double, y: Double, width pictureWidth: Int, height pictureHeight: Int) -> (
    x: Double, y: Double
  ) {
    let plan = plan(pictureWidth, pictureHeight)
    return (
      (x + Double(plan.x)) * Double(pictureWidth) / Double(plan.width),
      (y + Double(plan.y)) * Double(pictureHeight) / Double(plan.height)
    )
  }

  /// Writes (x / 255 - mean) / deviation of a view into height * width * channels numbers, `[row, column, channel]`.
  @unsafe public func normalise(_ view: Image, into numbers: UnsafeMutablePointer<Float>) {
    precondition(view.width == width && view.height == height, "normalise: not a view")
    precondition(problem == nil, "normalise: \(problem ?? "")")
    let tables = (0..<channels).map { channel in
      (0..<256).map { (Float($0) / 255 - mean[channel]) / deviation[channel] }
    }
    unsafe view.pixels.withUnsafeBufferPointer { pixels in
      if grey {
        for i in 0..<(width * height) {
          unsafe numbers[i] =
            tables[0][luma(pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2])]
        }
      } else {
        let (red, green, blue) = (tables[0], tables[1], tables[2])
        for i in 0..<(width * height) {
          unsafe numbers[3 * i] = red[Int(pixels[3 * i])]
          unsafe numbers[3 * i + 1] = green[Int(pixels[3 * i + 1])]
          unsafe numbers[3 * i + 2] = blue[Int(pixels[3 * i + 2])]
        }
      }
    }
  }
}

/// The luma of a pixel, 0...255 (ITU-R BT.601, rounded).
func luma(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> Int {
  (299 * Int(red) + 587 * Int(green) + 114 * Int(blue) + 500) / 1000
}
