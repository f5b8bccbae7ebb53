import CCodecs

/// The system libraries that decode and encode, with their versions.
public let codecLibraries = [
  unsafe "libpng \(String(cString: cc_png_version()))",
  unsafe String(cString: cc_jpeg_version()),
]
