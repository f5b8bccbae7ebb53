import CCrypto

/// A function from bytes to a short number that changes with them.
public enum DigestAlgorithm: String, Sendable, Hashable {
  /// RFC 1321: finds damage, not forgery.
  case md5 = "MD5"
  /// FIPS 180-4.
  case sha256 = "SHA-256"
}

/// A published digest of a file.
public struct Checksum: Sendable, Hashable {
  /// How it is computed.
  public let algorithm: DigestAlgorithm
  /// The digest in small hexadecimal digits.
  public let digits: String

  /// The given digest.
  public init(_ algorithm: DigestAlgorithm, _ digits: String) {
    (self.algorithm, self.digits) = (algorithm, digits)
  }
}

/// The digest of bytes that come piece by piece.
@safe public final class DigestStream {
  private let context: OpaquePointer

  /// Begins; nil if this machine's libcrypto has no such algorithm (in FIPS mode it has no MD5).
  public init?(_ algorithm: DigestAlgorithm) {
    guard let context = unsafe EVP_MD_CTX_new() else { return nil }
    unsafe self.context = unsafe context
    let kind = unsafe algorithm == .md5 ? EVP_md5() : EVP_sha256()
    if unsafe EVP_DigestInit_ex(context, kind, nil) != 1 { return nil }
  }

  deinit { unsafe EVP_MD_CTX_free(context) }

  /// Adds bytes.
  public func add(_ bytes: [UInt8]) {
    _ = unsafe EVP_DigestUpdate(context, bytes, bytes.count)
  }

  /// The digest of all that was added, in small hexadecimal digits; nothing can be added afterwards.
  public func finish() -> String {
    var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var count: UInt32 = 0
    _ = unsafe EVP_DigestFinal_ex(context, &bytes, &count)
    return bytes.prefix(Int(count)).map { byte in
      let digits = String(byte, radix: 16)
      return digits.count < 2 ? "0" + digits : digits
    }.joined()
  }
}

/// The SHA-256 (FIPS 180-4) of bytes: 32 bytes.
public func sha256(_ bytes: [UInt8]) -> [UInt8] {
  var digest = [UInt8](repeating: 0, count: 32)
  let status = unsafe EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil)
  precondition(status == 1, "libcrypto has no SHA-256")
  return digest
}
