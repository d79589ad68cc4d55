// A folded passage opens where an address leads into it or to it, also in browsers that do not see to that.
const reveal = () => {
  const target = document.getElementById(location.hash.slice(1));
  const fold = target?.closest("details.fold");
  if (!fold || fold.open) return;
  fold.open = true;
  target?.scrollIntoView();
};

addEventListener("hashchange", reveal);
reveal();
