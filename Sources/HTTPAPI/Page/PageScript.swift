/// The page's script: asks the API and shows the answers.
///
/// Text goes into the page only as text nodes, never as markup, because names and ids come from a chain.
enum PageScript {
    static let text = #"""
        "use strict";
        const $ = id => document.getElementById(id);
        function el(tag, className, ...children) {
          const node = document.createElement(tag);
          if (className) node.className = className;
          for (const child of children) if (child !== null && child !== undefined) node.append(child);
          return node;
        }
        const count = n => n === null || n === undefined ? "–" : Number(n).toLocaleString("en-US").replaceAll(",", "\u202f");
        const short = text => text && text.length > 18 ? text.slice(0, 8) + "…" + text.slice(-6) : text;
        const zero = "0x0000000000000000000000000000000000000000";
        const states = { backfill: "reading history", tail: "following the head", blocked: "blocked", maintenance: "maintenance", idle: "up to date" };

        async function ask(path) {
          const answer = await fetch(path, { headers: { accept: "application/json" } });
          const body = await answer.json();
          if (!answer.ok) throw new Error(body.detail || body.title || answer.statusText);
          return body;
        }

        function fact(name, value, small) {
          return el("div", "", el("dt", "", name), el("dd", "", value, small ? el("small", "", small) : null));
        }

        const percentOf = rate => rate >= 1 ? "100 %" : (Math.floor(rate * 10000) / 100).toFixed(2) + " %";

        function share(chain) {
          if (chain.backfill && chain.backfill.blocksTotal > 0) return 1 - chain.backfill.blocksLeft / chain.backfill.blocksTotal;
          if (!chain.head || !chain.checkpoint) return 0;
          const first = Math.min(...chain.scopes.map(s => s.firstBlock), chain.checkpoint.number);
          return (chain.checkpoint.number - first + 1) / Math.max(1, chain.head.number - first + 1);
        }

        function showChain(chain) {
          const card = el("article", "card");
          const name = chain.name && chain.name !== String(chain.chainId) ? chain.name + " · chain " + chain.chainId : "Chain " + chain.chainId;
          card.append(el("div", "top", el("h2", "", name), el("span", "tag " + chain.state, states[chain.state] || chain.state)));
          if (chain.reason) card.append(el("p", "reason", chain.reason));
          const part = Math.max(0, Math.min(1, share(chain)));
          const fill = el("i");
          const bar = el("div", "bar", fill);
          bar.setAttribute("role", "progressbar");
          bar.setAttribute("aria-valuenow", Math.round(part * 100));
          fill.style.width = (part * 100).toFixed(2) + "%";
          const percent = part >= 1 ? "100" : Math.min(99.9, part * 100).toFixed(1);
          card.append(bar, el("div", "note", percent + " % of the blocks to the head are read"
            + (chain.backfill ? ", " + count(chain.backfill.blocksLeft) + " to go" : "")));
          const facts = el("dl");
          facts.append(
            fact("Checkpoint", chain.checkpoint ? count(chain.checkpoint.number) : "none yet", chain.checkpoint && short(chain.checkpoint.hash)),
            fact("Head", count(chain.head && chain.head.number)),
            fact("Lag, blocks", count(chain.lagBlocks)),
            fact("Finalized", count(chain.finalized && chain.finalized.number)),
            fact("Transfers", count(chain.counters.transfersProcessed)),
            fact("Tokens", count(chain.counters.tokensDiscovered)),
            fact("Malformed logs", count(chain.counters.errorCount)),
            fact("Rewinds", count(chain.rewinds)),
            fact("Contracts agree", chain.audit.rate === null ? "not asked yet" : percentOf(chain.audit.rate),
              count(chain.audit.checked) + " checked, " + count(chain.audit.conflicts) + " conflicts"));
          card.append(facts);
          return card;
        }

        let known = "";
        let firstChain = null;
        function fillSelects(chains) {
          const ids = chains.map(c => c.chainId).join();
          if (ids === known) return;
          known = ids;
          for (const select of document.querySelectorAll("select.chain")) {
            select.replaceChildren(...chains.map(c => {
              const option = el("option", "", c.name ? c.name + " (" + c.chainId + ")" : String(c.chainId));
              option.value = c.chainId;
              return option;
            }));
          }
        }

        function party(address, word, className) {
          if (address === zero) return el("td", "", el("span", className, word));
          const cell = el("td", "", short(address));
          cell.title = address;
          return cell;
        }

        function showTransfers(list) {
          document.querySelector("#transfers tbody").replaceChildren(...list.map(t => {
            const contract = el("td", "", short(t.contract));
            contract.title = t.contract;
            const id = el("td", "", short(t.tokenId) + (t.tokenIdTo ? " – " + short(t.tokenIdTo) : ""));
            id.title = t.tokenId;
            return el("tr", "", el("td", "", count(t.blockNumber)), contract, id, party(t.from, "mint", "mint"), party(t.to, "burn", "burn"), el("td", "", t.amount));
          }));
        }

        async function refresh() {
          try {
            const status = await ask("/v1/status");
            $("chains").replaceChildren(...status.chains.map(showChain));
            if (!status.chains.length) $("chains").append(el("article", "card", "The database holds no chain yet. It appears here as soon as the first block is read."));
            fillSelects(status.chains);
            firstChain = status.chains.length ? status.chains[0].chainId : null;
            if (firstChain !== null) showTransfers((await ask("/v1/chains/" + firstChain + "/transfers?limit=8")).transfers);
            $("pulse").textContent = "updated " + new Date().toLocaleTimeString();
            $("pulse").className = "pulse";
          } catch (error) {
            $("pulse").textContent = "no connection: " + error.message;
            $("pulse").className = "pulse lost";
          }
          setTimeout(refresh, document.hidden ? 15000 : 2000);
        }

        function state(answer) {
          const block = answer.asOf ? "as of block " + count(answer.asOf.blockNumber) + " (" + answer.asOf.finality + ")" : "as of no block";
          return el("p", "note", block + (answer.complete ? ", complete" : ", NOT complete yet: history is still being read"));
        }

        function table(heads, rows) {
          const head = el("tr", "", ...heads.map(h => el("th", "", h)));
          return el("div", "scroll", el("table", "", el("thead", "", head), el("tbody", "", ...rows.map(r => el("tr", "", ...r.map(c => el("td", "", c)))))));
        }

        function showOwner(answer) {
          const box = el("div", "answer");
          if (answer.owner) box.append(el("div", "big", answer.owner));
          else if (answer.burned) box.append(el("div", "big", "nobody: the token was burned"));
          else if (answer.standard && !answer.owners.length) box.append(el("div", "big", "nobody: all of it was burned"));
          else if (!answer.owners.length) box.append(el("div", "big", "nobody: no event names this token"));
          if (answer.owners.length) box.append(table(["Holder", "Amount"], answer.owners.map(o => [o.owner, o.amount + (o.inconsistent ? " (the events are inconsistent)" : "")])));
          if (answer.ownership === "conflict") box.append(el("p", "note", "The contract contradicts its events: at block " + count(answer.observedAt.blockNumber)
            + " it said " + (answer.observedOwner || "something else") + "."));
          if (answer.next) box.append(el("p", "note", "There are more holders."));
          box.append(state(answer));
          return box;
        }

        function showWallet(answer) {
          const box = el("div", "answer");
          if (answer.tokens.length) box.append(table(["Contract", "Token", "Amount", "Standard"], answer.tokens.map(t => [t.contract, t.tokenId, t.amount, t.standard])));
          else box.append(el("div", "big", answer.next ? "nothing on this page" : "no tokens"));
          if (answer.next) box.append(el("p", "note", "There are more tokens."));
          box.append(state(answer));
          return box;
        }

        function onAsk(id, path, show) {
          $(id).addEventListener("submit", async event => {
            // A page of its own.
            if (event.submitter && event.submitter.id === "with-pictures") return;
            event.preventDefault();
            const form = new FormData(event.target);
            const value = name => encodeURIComponent((form.get(name) || "").trim());
            try {
              $("result").replaceChildren(show(await ask(path(value))));
            } catch (error) {
              $("result").replaceChildren(el("div", "answer bad", error.message));
            }
          });
        }
        onAsk("ask-owner", v => "/v1/chains/" + v("chain") + "/contracts/" + v("contract") + "/tokens/" + v("id") + "/owners" + (v("atBlock") ? "?atBlock=" + v("atBlock") : ""), showOwner);
        onAsk("ask-wallet", v => "/v1/chains/" + v("chain") + "/wallets/" + v("wallet") + "/tokens?limit=50", showWallet);
        refresh();
        """#
}
