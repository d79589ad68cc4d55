// A widget in a frame of another site's page: tells that page its height, opens links in a new tab, and leaves slides
// their arrow keys.

const HEIGHT = "dpo-explained:height";
const PING = "dpo-explained:ping";
// What reveal.js tells the frames of a slide that is shown, and what it calls the ways to another one.
const SLIDE = "slide:start";
/** @type {Record<string, string>} */
const WAYS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

/** Whether an element uses the arrow keys itself, as controls, handles and what scrolls by them do.
 *  @type {(element: any) => boolean} */
const usesArrows = (element) => element.matches("input, select, textarea, [contenteditable], [tabindex='0']");

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
  let isSlide = false;
  window.addEventListener("message", ({ source, data }) => {
    if (source !== window.parent) return;
    if (data?.type === PING) tell();
    if (data === SLIDE) isSlide = true;
  });

  // A click into a frame takes all keys from the slides around it.
  window.addEventListener("keydown", (/** @type {any} */ event) => {
    const way = WAYS[event.key];
    const altered = event.altKey || event.ctrlKey || event.metaKey || event.shiftKey;
    if (!isSlide || !way || altered || event.defaultPrevented || usesArrows(event.target)) return;
    event.preventDefault();
    window.parent.postMessage(JSON.stringify({ method: way }), "*");
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
