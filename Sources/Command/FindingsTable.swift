import AvocetDatasets
import AvocetDrawing
import AvocetFiles
import AvocetImages
import AvocetTraining

extension Findings {
  /// Every finding on a line: `kind,path,other,detail`. The kinds are `unreadable`, `duplicate`, `near duplicate`, `label` and `odd`.
  var csv: String {
    var rows: [[String]] = check.survey.refused.map {
      ["unreadable", $0.identifier, "", $0.message]
    }
    for group in check.groups {
      let first = group.members[0]
      for other in group.members.dropFirst() {
        let (a, b) = (fingerprint(first), fingerprint(other))
        let isEqual = a.isEqual(to: b)
        let (colours, edges) = a.likeness(to: b)
        let likeness =
          isEqual ? "equal pixels" : "alike \(decimal(Double(min(colours, edges)), 3))"
        rows.append([
          isEqual ? "duplicate" : "near duplicate", name(other), name(first),
          "\(likeness); \(className(other)) and \(className(first))\(crossing(first, other))",
        ])
      }
    }
    if let labels {
      rows += labels.errors.suspects.map { suspect in
        ["label", name(suspect.index), "", doubt(suspect, labels)]
      }
    }
    rows += check.oddities.map { ["odd", name($0.index), "", $0.reason] }
    let lines = [["kind", "path", "other", "detail"]] + rows
    return lines.map { $0.map(csvCell).joined(separator: ",") }.joined(separator: "\n") + "\n"
  }

  private func fingerprint(_ index: Int) -> Fingerprint { check.survey.entries[index].fingerprint }

  private func crossing(_ first: Int, _ other: Int) -> String {
    let (a, b) = (check.survey.entries[first].place.split, check.survey.entries[other].place.split)
    return a == b ? "" : "; \(b.rawValue) and \(a.rawValue)"
  }

  // A page shows so many groups, and so many pictures of one, that a browser stays quick.
  private static let groupsShown = 100
  private static let membersShown = 8

  /// One self-contained page with small pictures of what a person should look at.
  var page: String {
    var html = """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><title>Findings</title>
      <style>body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#222}
      figure{display:inline-block;margin:.4rem .8rem .4rem 0;font-size:.8rem;width:9rem;vertical-align:top;overflow-wrap:anywhere}
      figure img{height:8rem;max-width:9rem;object-fit:contain;image-rendering:pixelated;display:block}
      section{border-top:1px solid #ddd;padding:.4rem 0}section p{margin:.2rem 0}</style>
      </head><body><h1>Findings in \(Markup.escaped(data))</h1>

      """
    if let labels {
      html +=
        "<h2>Labels that the model doubts: \(grouped(labels.errors.suspects.count)) of \(grouped(labels.judged))</h2>\n<p>The most doubtful first. If the model was trained on these pictures, it may have learned wrong labels by heart.</p>\n"
      for suspect in suspects { html += figure(suspect.index, doubt(suspect, labels)) }
    }
    html += groupSections
    let odd = check.oddities
    if !odd.isEmpty {
      html += "<h2>Odd pictures: \(grouped(odd.count))</h2>\n"
      for oddity in odd.prefix(Self.groupsShown) {
        let size = check.survey.entries[oddity.index].fingerprint.size
        html += figure(oddity.index, "\(size.width) x \(size.height), \(oddity.reason)")
      }
    }
    let refused = check.survey.refused
    if !refused.isEmpty {
      html += "<h2>Unreadable: \(grouped(refused.count))</h2>\n<ul>\n"
      for (name, message) in refused.prefix(1000) {
        html += "<li>\(Markup.escaped(name)): \(Markup.escaped(message))</li>\n"
      }
      html += "</ul>\n"
    }
    let isClean = suspects.isEmpty && check.groups.isEmpty && odd.isEmpty && refused.isEmpty
    return html + (isClean ? "<p>Nothing was found.</p>\n" : "") + "</body></html>\n"
  }

  private var groupSections: String {
    var html = ""
    if check.groups.isEmpty { return html }
    html +=
      "<h2>Equal and nearly equal pictures: \(grouped(check.groups.count)) \(check.groups.count == 1 ? "group" : "groups")</h2>\n"
    for group in check.groups.prefix(Self.groupsShown) {
      let notes =
        (group.crossesSplits ? ["across splits"] : [])
        + (group.crossesClasses ? ["of several classes"] : [])
      html +=
        "<section><p>\(([Self.likeness(group)] + notes).joined(separator: ", "))</p>\n"
      for index in group.members.prefix(Self.membersShown) {
        let split = check.survey.entries[index].place.split.rawValue
        html += figure(index, className(index) + (check.splits.count > 1 ? ", \(split)" : ""))
      }
      let rest = group.members.count - Self.membersShown
      html += (rest > 0 ? "<p>and \(grouped(rest)) more</p>\n" : "") + "</section>\n"
    }
    let rest = check.groups.count - Self.groupsShown
    return html + (rest > 0 ? "<p>and \(grouped(rest)) more groups: see findings.csv</p>\n" : "")
  }

  private func figure(_ index: Int, _ caption: String) -> String {
    let place = check.survey.entries[index].place
    guard let image = try? dataset.splits[place.split]?.image(place.index) else { return "" }
    let scale = min(1, 192 / Double(max(image.width, image.height)))
    func side(_ pixels: Int) -> Int { max(1, Int((Double(pixels) * scale).rounded())) }
    let small = image.resized(width: side(image.width), height: side(image.height))
    // Of a picture of some size a JPEG says enough.
    let isSmall = small.width * small.height <= 4096
    let (type, bytes) =
      isSmall ? ("png", small.encodedPNG()) : ("jpeg", small.encodedJPEG(quality: 85))
    return
      "<figure><img alt=\"\" src=\"data:image/\(type);base64,\(base64(bytes))\"><figcaption>\(Markup.escaped(caption))<br>\(Markup.escaped(name(index)))</figcaption></figure>\n"
  }
}
