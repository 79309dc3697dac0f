/// What the page for people is made of; everything that changes is put in by its script.
enum PageBody {
    static let text = #"""
        <body>
        <header>
          <div class="brand">
            \#(PageShell.mark)
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
              <form id="ask-wallet" action="/wallets" method="get">
                <h3>What does a wallet hold?</h3>
                <label>Chain <select name="chain" class="chain"></select></label>
                <label class="wide">Wallet <input name="wallet" required spellcheck="false" autocomplete="off" placeholder="0x…"></label>
                <div class="two"><button>List tokens</button><button class="quiet" id="with-pictures">Show with pictures</button></div>
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
