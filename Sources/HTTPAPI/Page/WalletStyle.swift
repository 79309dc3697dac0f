/// How a wallet's page looks, beside what ``PageStyle`` says: a grid of cards, as many in a row as there is room for.
enum WalletStyle {
    static let text = #"""
        .brand{text-decoration:none}
        .find{display:flex;gap:8px;flex:1 1 340px;max-width:560px}
        .find input{margin:0}
        .find button{grid-column:auto}
        .who{display:flex;flex-wrap:wrap;gap:4px 18px;align-items:baseline;justify-content:space-between;margin:6px 0 4px}
        .who h2{margin:0;font:600 17px/1.5 ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
        .state{font-size:13px;color:var(--soft);margin:0 0 18px}
        .state b{color:var(--ink);font-weight:600}
        .warn{padding:9px 14px;border-radius:8px;background:var(--warn-soft);color:var(--warn);font-size:14px;margin:0 0 16px}
        .grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(196px,1fr));gap:18px;padding:0;margin:0 0 22px;list-style:none}
        .token{background:var(--card);border:1px solid var(--line);border-radius:14px;overflow:hidden;display:flex;flex-direction:column;min-width:0}
        .art{aspect-ratio:1;background:var(--line);display:block;width:100%;height:auto;object-fit:contain}
        .none{aspect-ratio:1;display:flex;flex-direction:column;gap:8px;align-items:center;justify-content:center;padding:18px;text-align:center;color:var(--soft);font-size:13px;background:var(--paper);border-bottom:1px solid var(--line)}
        .none svg{opacity:.55}
        .none bdi,.none a{overflow-wrap:anywhere}
        .words{padding:12px 14px 14px;display:flex;flex-direction:column;gap:3px;min-width:0;flex:1}
        .name{font-weight:600;font-size:15px;line-height:1.35;max-height:2.7em;overflow:hidden;overflow-wrap:anywhere}
        .from{font-size:13px;color:var(--soft);overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
        .id{font:12px/1.5 ui-monospace,"DejaVu Sans Mono",monospace;color:var(--soft);overflow-wrap:anywhere}
        .marks{display:flex;flex-wrap:wrap;gap:6px;margin-top:auto;padding-top:8px}
        .marks:empty{display:none}
        .mark{font-size:12px;font-weight:600;border-radius:999px;padding:2px 9px;background:var(--accent-soft);color:var(--accent);max-width:100%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
        .mark.bad{background:var(--bad-soft);color:var(--bad);white-space:normal;border-radius:8px}
        .empty{padding:46px 20px;text-align:center;color:var(--soft)}
        .pages{display:flex;gap:10px;margin:0 0 26px}
        .pages a{padding:8px 16px;border-radius:8px;border:1px solid var(--line);background:var(--card);color:var(--accent);text-decoration:none;font-weight:600;font-size:14px}
        """#
}
