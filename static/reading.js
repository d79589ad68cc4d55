// Marks the heading that is being read in the table of contents, and opens what is folded up where a link leads.

const links = new Map();
for (const link of document.querySelectorAll(".headings a")) {
  const heading = document.getElementById(link.hash.slice(1));
  if (!links.has(heading)) links.set(heading, []);
  links.get(heading).push(link);
}

const mark = () => {
  const headings = [...links.keys()];
  // The last heading that has passed the upper third of the window.
  const current = headings.findLast((heading) => heading.getBoundingClientRect().top < innerHeight / 3);
  for (const [heading, those] of links) {
    for (const link of those) {
      if (heading === current) link.setAttribute("aria-current", "location");
      else link.removeAttribute("aria-current");
    }
  }
};

// Runs only when a heading crosses the line.
const observer = new IntersectionObserver(mark, { rootMargin: "0px 0px -66% 0px" });
for (const heading of links.keys()) observer.observe(heading);
mark();

// Not all browsers see to it.
const reveal = () => {
  const target = document.getElementById(location.hash.slice(1));
  const fold = target?.closest("details.fold");
  if (!fold || fold.open) return;
  fold.open = true;
  target?.scrollIntoView();
};

addEventListener("hashchange", reveal);
reveal();
