// A widget in a frame of another site's page: tells that page its height, and opens links in a new tab.

const HEIGHT = "dpo-explained:height";
const PING = "dpo-explained:ping";

/** @type {(link: any) => boolean} */
const leaves = (link) => {
  if (link.matches("[data-try], [data-go], [download]")) return false;
  const { origin, pathname, search, hash } = new URL(link.href);
  return !(hash && origin === location.origin && pathname === location.pathname && search === location.search);
};

/** @type {(link: any) => void} */
const openInNewTab = (link) => {
  if (!leaves(link)) return;
  link.target = "_blank";
  link.rel = "noopener";
};

if (window.parent !== window) {
  const root = document.documentElement;

  const tell = () => {
    const widget = document.querySelector("dpo-widget")?.getAttribute("name");
    // Not scrollHeight, which never shrinks below the frame. Any site that frames the page may know its height.
    const height = Math.ceil(root.getBoundingClientRect().height);
    window.parent.postMessage({ type: HEIGHT, widget, height }, "*");
  };

  new ResizeObserver(tell).observe(root);
  window.addEventListener("load", tell);
  // The surrounding page may start to listen later, and then requests it.
  window.addEventListener("message", ({ source, data }) => {
    if (source === window.parent && data?.type === PING) tell();
  });

  for (const link of document.links) openInNewTab(link);
  // In the capture phase, also for links that are added or changed later.
  document.addEventListener(
    "click",
    (/** @type {any} */ { target }) => {
      const link = target.closest?.("a[href]");
      if (link) openInNewTab(link);
    },
    { capture: true },
  );
}
