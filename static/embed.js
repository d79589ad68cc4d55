// <dpo-explained widget="dpo_loss" beta="0.1" lock="beta">: a widget in a frame that grows with its content.
// A classic script for other sites' pages, served as /embed.js with the published heights filled in. Styles are
// set on elements only, so that a strict content security policy of the page does not block them.
(() => {
  /** @type {Record<string, number>} */
  const HEIGHTS = {};
  const OWN = ["widget", "title", "height", "class", "id", "style", "lang", "dir", "slot", "hidden", "role", "is"];
  const PING_MS = 500;

  const script = document.currentScript ?? document.querySelector('script[src$="/embed.js"]');
  const base = new URL(".", script.src);
  const names = "dpo-explained";
  if (customElements.get(names)) return;

  class DpoExplained extends HTMLElement {
    frame = this.make();
    observer = new MutationObserver(() => this.point());
    asking = 0;
    heard = (/** @type {MessageEvent} */ { source, origin, data }) => {
      if (source !== this.frame.contentWindow || origin !== base.origin) return;
      if (data?.type !== `${names}:height` || !(data.height > 0)) return;
      this.stop();
      this.frame.height = String(Math.ceil(data.height));
    };

    connectedCallback() {
      this.style.display = "block";
      this.append(this.frame);
      addEventListener("message", this.heard);
      this.observer.observe(this, { attributes: true });
      this.point();
    }

    disconnectedCallback() {
      this.stop();
      removeEventListener("message", this.heard);
      this.observer.disconnect();
    }

    make() {
      const frame = document.createElement("iframe");
      frame.width = "100%";
      frame.loading = "lazy";
      frame.allow = "clipboard-write";
      frame.style.border = "0";
      frame.style.display = "block";
      // Request the height until it arrives: either side may be the last to listen.
      frame.addEventListener("load", () => {
        this.stop();
        const ask = () => frame.contentWindow?.postMessage({ type: `${names}:ping` }, "*");
        this.asking = setInterval(ask, PING_MS);
        ask();
      });
      return frame;
    }

    stop() {
      clearInterval(this.asking);
    }

    point() {
      const widget = this.getAttribute("widget") ?? "";
      const address = new URL(`widgets/${encodeURIComponent(widget)}`, base);
      for (const { name, value } of this.attributes) {
        if (!OWN.includes(name) && !name.includes("-")) address.searchParams.set(name, value);
      }
      this.frame.title = this.title || `DPO Explained: ${widget.replaceAll("_", " ")}`;
      if (this.frame.src === address.href) return;
      this.frame.height = this.getAttribute("height") ?? String(HEIGHTS[widget] ?? 900);
      this.frame.src = address.href;
    }
  }

  customElements.define(names, DpoExplained);
})();
