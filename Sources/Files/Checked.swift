/// The product of numbers from a file, or nil if one is negative or the product does not fit.
public func checkedProduct(_ factors: Int...) -> Int? { checkedProduct(factors) }

/// The product of numbers from a file, or nil if one is negative or the product does not fit.
public func checkedProduct(_ factors: some Sequence<Int>) -> Int? {
  // Zero wins over overflow whatever the order, so that the answer depends on the numbers alone.
  var product: Int? = 1
  var isZero = false
  for factor in factors {
    if factor < 0 { return nil }
    if factor == 0 { isZero = true }
    guard let before = product else { continue }
    let (next, overflow) = before.multipliedReportingOverflow(by: factor)
    product = overflow ? nil : next
  }
  return isZero ? 0 : product
}

/// The sum of numbers from a file, or nil if one is negative or the sum does not fit.
public func checkedSum(_ terms: Int...) -> Int? {
  var sum = 0
  for term in terms {
    let (next, overflow) = sum.addingReportingOverflow(term)
    if overflow || term < 0 { return nil }
    sum = next
  }
  return sum
}

/// A number with a comma between its thousands: 64,000,000.
public func grouped(_ number: Int) -> String {
  let digits = String(number.magnitude)
  var result = ""
  for (index, digit) in digits.enumerated() {
    if index > 0, (digits.count - index) % 3 == 0 { result += "," }
    result.append(digit)
  }
  return (number < 0 ? "-" : "") + result
}
