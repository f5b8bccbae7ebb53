/// How our pages look: legible in light and dark, on a telephone and on paper.
public enum PageStyle {
  /// A page that needs no other file; `title` is escaped, `style` added to the common one, `head` comes before the title, `header` after the heading, `end` after
  /// the main part. All of them but the title are markup, each a whole line or several where there is any.
  public static func page(
    title: String, style: String, head: String = "", header: String, main: String, end: String = ""
  ) -> String {
    let title = Markup.escaped(title)
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      \(head)<title>\(title)</title>
      <style>
      \(common)
      \(style)
      </style>
      </head>
      <body>
      <header>
      <h1>\(title)</h1>
      \(header)</header>
      <main>
      \(main)</main>
      \(end)</body>
      </html>

      """
  }

  // The colours, the text and the tables.
  private static let common = """
    :root{--ink:#1d2127;--faint:#5d6470;--paper:#fff;--card:#f3f5f7;--line:#d9dde2;--bar:#1f62a8;--bad:#b4470c}
    @media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--faint:#a3abb6;--paper:#14171b;--card:#1e2329;--line:#363d46;--bar:#6aa5e3;--bad:#f29a5c}}
    *{box-sizing:border-box}
    body{font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif;color:var(--ink);background:var(--paper);max-width:62rem;margin:0 auto;padding:1.5rem 1rem 4rem;overflow-wrap:break-word}
    h1{font-size:1.7rem;line-height:1.2;margin:.5rem 0}h2{font-size:1.2rem;margin:2.6rem 0 .6rem;border-top:1px solid var(--line);padding-top:1.2rem}
    p{max-width:44rem;margin:.4rem 0 .8rem}header p,.note,figcaption small{color:var(--faint)}
    .scroll{overflow-x:auto}table{border-collapse:collapse}caption{text-align:left;color:var(--faint);padding-bottom:.4rem}
    th,td{padding:.28rem .9rem .28rem 0;text-align:left;vertical-align:top}thead th{border-bottom:1px solid var(--line);white-space:nowrap}tbody th{font-weight:600;overflow-wrap:break-word;min-width:6rem;max-width:16rem}
    .number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.facts th{font-weight:400;color:var(--faint);min-width:9rem}.facts td{overflow-wrap:anywhere}
    """
}
