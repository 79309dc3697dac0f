/// How the page for people looks: light or dark as the reader's system is, wide or narrow.
enum PageStyle {
    static let text = #"""
        :root{--ink:#16212b;--soft:#5b6b7a;--line:#dde4ea;--paper:#f4f6f8;--card:#fff;--accent:#0b6e63;--accent-soft:#d9efec;--warn:#9a5b00;--warn-soft:#fdf0d9;--bad:#a8242f;--bad-soft:#fbe3e4;color-scheme:light dark}
        @media(prefers-color-scheme:dark){:root{--ink:#e6edf2;--soft:#93a4b3;--line:#2a3742;--paper:#0f161c;--card:#17212a;--accent:#4fc3b2;--accent-soft:#12342f;--warn:#f0b45b;--warn-soft:#3a2c12;--bad:#ff8a8f;--bad-soft:#3d1a1d}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
        header,main,footer{max-width:1080px;margin:0 auto;padding:0 20px}
        header{display:flex;justify-content:space-between;align-items:center;padding-top:26px;padding-bottom:18px;gap:16px;flex-wrap:wrap}
        .brand{display:flex;gap:12px;align-items:center;color:var(--accent)}
        h1{font-size:22px;line-height:1.1;margin:0;color:var(--ink);letter-spacing:-.01em}
        .brand p{margin:2px 0 0;color:var(--soft);font-size:13px}
        .pulse{font-size:13px;color:var(--soft)}
        .pulse.lost{color:var(--bad);font-weight:600}
        .card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:20px 22px;margin-bottom:18px}
        h2{font-size:16px;margin:0 0 14px}
        h3{font-size:14px;margin:0;grid-column:1/-1;color:var(--soft);font-weight:600}
        .top{display:flex;align-items:center;gap:10px;flex-wrap:wrap;margin-bottom:4px}
        .top h2{margin:0;font-size:18px}
        .tag{font-size:12px;font-weight:600;border-radius:999px;padding:2px 10px;background:var(--accent-soft);color:var(--accent)}
        .tag.backfill,.tag.maintenance{background:var(--warn-soft);color:var(--warn)}
        .tag.blocked{background:var(--bad-soft);color:var(--bad)}
        .reason{margin:8px 0 0;padding:8px 12px;border-radius:8px;background:var(--warn-soft);color:var(--warn);font-size:13px;overflow-wrap:anywhere}
        .bar{height:8px;border-radius:4px;background:var(--line);overflow:hidden;margin:14px 0 4px}
        .bar i{display:block;height:100%;width:0;background:var(--accent);border-radius:4px;transition:width .6s}
        .note{font-size:13px;color:var(--soft)}
        dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:14px 18px;margin:16px 0 0}
        dt{font-size:12px;color:var(--soft)}
        dd{margin:0;font-size:19px;font-weight:600;font-variant-numeric:tabular-nums}
        dd small{display:block;font:12px/1.4 ui-monospace,"DejaVu Sans Mono",monospace;color:var(--soft);overflow:hidden;text-overflow:ellipsis}
        .forms{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:26px}
        form{display:grid;grid-template-columns:1fr 1fr;gap:10px 12px;align-content:start}
        label{font-size:12px;color:var(--soft);display:block}
        label.wide{grid-column:1/-1}
        #ask-owner label:nth-of-type(1),#ask-wallet label:nth-of-type(1){grid-column:1/-1}
        input,select{display:block;width:100%;margin-top:3px;padding:8px 10px;border:1px solid var(--line);border-radius:8px;background:var(--paper);color:var(--ink);font:14px ui-monospace,"DejaVu Sans Mono",monospace}
        input:focus-visible,select:focus-visible,button:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
        button{grid-column:1/-1;justify-self:start;padding:8px 16px;border:0;border-radius:8px;background:var(--accent);color:var(--card);font:600 14px inherit;font-family:inherit;cursor:pointer}
        .two{grid-column:1/-1;display:flex;gap:10px;flex-wrap:wrap}
        button.quiet{background:var(--accent-soft);color:var(--accent)}
        #result{margin-top:18px}
        #result:empty{display:none}
        .answer{border-top:1px solid var(--line);padding-top:14px}
        .answer.bad{color:var(--bad)}
        .big{font:600 16px/1.5 ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
        .scroll{overflow-x:auto}
        table{border-collapse:collapse;width:100%;font-size:13px}
        th{text-align:left;color:var(--soft);font-weight:600;padding:4px 12px 6px 0;white-space:nowrap}
        td{padding:6px 12px 6px 0;border-top:1px solid var(--line);font-family:ui-monospace,"DejaVu Sans Mono",monospace;white-space:nowrap;max-width:240px;overflow:hidden;text-overflow:ellipsis}
        .mint{color:var(--accent);font-weight:600;font-family:inherit}.burn{color:var(--bad);font-weight:600;font-family:inherit}
        footer{color:var(--soft);font-size:13px;padding-top:4px;padding-bottom:34px}
        a{color:var(--accent)}
        """#
}
