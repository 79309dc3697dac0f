/// What the page for people is made of; everything that changes is put in by its script.
enum PageBody {
    static let text = #"""
        <body>
        <header>
          <div class="brand">
            <svg viewBox="0 0 32 32" width="30" height="30" aria-hidden="true"><path d="M16 2 28 7v8c0 8-5 13-12 15C9 28 4 23 4 15V7z" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linejoin="round"/><path d="M11 16.5 15 20l6.5-8" fill="none" stroke="currentColor" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/></svg>
            <div><h1>Holdfast</h1><p>who owns which NFT, exactly</p></div>
          </div>
          <div id="pulse" class="pulse" role="status">connecting…</div>
        </header>
        <main>
          <section id="chains" aria-live="off"></section>

          <section class="card">
            <h2>Look up</h2>
            <div class="forms">
              <form id="ask-owner">
                <h3>Who owns a token?</h3>
                <label>Chain <select name="chain" class="chain"></select></label>
                <label class="wide">Contract <input name="contract" required spellcheck="false" autocomplete="off" placeholder="0x…"></label>
                <label>Token id <input name="id" required spellcheck="false" autocomplete="off" placeholder="1"></label>
                <label>At block <input name="atBlock" inputmode="numeric" autocomplete="off" placeholder="now"></label>
                <button>Look up owner</button>
              </form>
              <form id="ask-wallet">
                <h3>What does a wallet hold?</h3>
                <label>Chain <select name="chain" class="chain"></select></label>
                <label class="wide">Wallet <input name="wallet" required spellcheck="false" autocomplete="off" placeholder="0x…"></label>
                <button>List tokens</button>
              </form>
            </div>
            <div id="result" role="status"></div>
          </section>

          <section class="card">
            <h2>Newest transfers</h2>
            <div class="scroll"><table id="transfers"><thead><tr><th>Block</th><th>Contract</th><th>Token</th><th>From</th><th>To</th><th>Amount</th></tr></thead><tbody></tbody></table></div>
          </section>
        </main>
        <footer>
          Answers come from this machine's own copy of the chain. Every one says as of which block, and whether it is complete.
          JSON: <a href="/v1/status">/v1/status</a> · <a href="/readyz">/readyz</a>
        </footer>
        """#
}
