"use strict";
// Shows the entries that have all the words, and unfolds what is inside properties where a word occurs in it.
const search = document.getElementById("search");
const count = document.getElementById("count");
const articles = [...document.querySelectorAll("article")].map((element) => ({
  element,
  text: element.textContent.toLowerCase(),
  link: document.querySelector(`nav a[href="#${CSS.escape(element.id)}"]`).parentElement,
  folds: [...element.querySelectorAll("details")].map((fold) => ({ fold, text: fold.textContent.toLowerCase() })),
}));
function show() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const { element, text, link, folds } of articles) {
    const has = words.every((word) => text.includes(word));
    element.hidden = link.hidden = !has;
    found += has ? 1 : 0;
    for (const { fold, text } of folds) fold.open = words.length > 0 && words.some((word) => text.includes(word));
  }
  count.textContent = words.length ? `${found} of ${articles.length}` : "";
}
search.addEventListener("input", show);
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== search) {
    event.preventDefault();
    search.focus();
  }
});
show();
