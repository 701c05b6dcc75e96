"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const changes = all("details.change");
  const filters = all("button[data-filter]");

  // Pictures: moved by dragging, by the arrow keys and by scrolling, made larger by ctrl and scrolling, by + and -.
  for (const view of all(".view")) {
    const svg = view.querySelector("svg");
    if (!svg) continue;
    const whole = svg.viewBox.baseVal;
    const full = { x: whole.x, y: whole.y, width: whole.width, height: whole.height };
    let shown = { ...full };
    const show = () => svg.setAttribute("viewBox", `${shown.x} ${shown.y} ${shown.width} ${shown.height}`);
    const zoom = (factor, x = 0.5, y = 0.5) => {
      const width = Math.min(Math.max(shown.width * factor, full.width / 60), full.width * 3);
      const height = (width / shown.width) * shown.height;
      shown = { x: shown.x + (shown.width - width) * x, y: shown.y + (shown.height - height) * y, width, height };
      show();
    };
    const move = (x, y) => {
      shown.x += x * shown.width;
      shown.y += y * shown.height;
      show();
    };
    const fit = () => {
      shown = { ...full };
      show();
    };
    view.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = svg.getBoundingClientRect();
      zoom(Math.exp(event.deltaY / 300), (event.clientX - box.x) / box.width, (event.clientY - box.y) / box.height);
    }, { passive: false });
    let from = null;
    let dragged = false;
    view.addEventListener("pointerdown", (event) => {
      if (event.button === 0 && !event.target.closest("button")) {
        from = [event.clientX, event.clientY];
        dragged = false;
      }
    });
    view.addEventListener("pointermove", (event) => {
      if (!from) return;
      const box = svg.getBoundingClientRect();
      const [x, y] = [event.clientX - from[0], event.clientY - from[1]];
      if (!dragged && Math.abs(x) + Math.abs(y) < 5) return;
      dragged = true;
      from = [event.clientX, event.clientY];
      const scale = Math.max(shown.width / box.width, shown.height / box.height);
      shown.x -= x * scale;
      shown.y -= y * scale;
      show();
    });
    for (const end of ["pointerup", "pointerleave", "pointercancel"]) view.addEventListener(end, () => { from = null; });
    view.addEventListener("click", (event) => { if (dragged) { event.preventDefault(); dragged = false; } }, true);
    view.addEventListener("dragstart", (event) => event.preventDefault());
    view.addEventListener("keydown", (event) => {
      const keys = {
        "+": () => zoom(0.8), "-": () => zoom(1.25), 0: fit,
        ArrowLeft: () => move(-0.1, 0), ArrowRight: () => move(0.1, 0), ArrowUp: () => move(0, -0.1), ArrowDown: () => move(0, 0.1),
      };
      if (keys[event.key] && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        keys[event.key]();
      }
    });
    const buttons = { in: () => zoom(0.7), out: () => zoom(1.4), fit };
    for (const button of all("button[data-zoom]", view)) button.addEventListener("click", buttons[button.dataset.zoom]);

    // What a box needs and is needed by stands out while it is pointed at.
    const lines = all(".hz-e[data-from]", svg);
    const point = (id) => {
      const near = new Set([id]);
      for (const line of lines) {
        const touches = line.dataset.from === id || line.dataset.to === id;
        line.classList.toggle("lit", touches);
        if (touches) near.add(line.dataset.from).add(line.dataset.to);
      }
      svg.classList.add("pointed");
      for (const node of all(".hz-n[data-id]", svg)) node.classList.toggle("lit", near.has(node.dataset.id));
    };
    const leave = () => {
      svg.classList.remove("pointed");
      for (const lit of all(".lit", svg)) lit.classList.remove("lit");
    };
    for (const node of all(".hz-n[data-id]", svg)) {
      node.addEventListener("pointerenter", () => { if (!from) point(node.dataset.id); });
      node.addEventListener("pointerleave", leave);
    }
  }

  // Searching and filtering.
  const texts = new Map(changes.map((change) => [change, change.textContent.toLowerCase()]));
  const nodes = all(".view .hz-n[data-id]").map((node) => [node, node.textContent.toLowerCase()]);
  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const has = (text) => words.every((word) => text.includes(word));
    const on = new Set(filters.filter((filter) => filter.getAttribute("aria-pressed") === "true").map((filter) => filter.dataset.filter));
    let count = 0;
    for (const change of changes) {
      const shown = has(texts.get(change)) && (on.size === 0 ? change.dataset.action !== "same" || words.length > 0 : on.has(change.dataset.action));
      change.hidden = !shown;
      if (shown) count += 1;
    }
    let boxes = 0;
    for (const [node, text] of nodes) {
      const hit = words.length > 0 && has(text);
      node.classList.toggle("found", hit);
      node.classList.toggle("lost", words.length > 0 && !hit);
      if (hit) boxes += 1;
    }
    if (changes.length > 0) {
      found.textContent = words.length > 0 || on.size > 0 ? `${count} of ${changes.length}` : "";
    } else {
      found.textContent = words.length > 0 ? `${boxes} of ${nodes.length}` : "";
    }
  };
  search.addEventListener("input", apply);
  for (const filter of filters) {
    filter.addEventListener("click", () => {
      filter.setAttribute("aria-pressed", String(filter.getAttribute("aria-pressed") !== "true"));
      apply();
    });
  }

  // Folding.
  const fold = (open) => { for (const change of changes) if (!change.hidden) change.open = open; };
  for (const button of all("button[data-fold]")) button.addEventListener("click", () => fold(button.dataset.fold === "open"));

  // A link to a change opens it, whatever hides it.
  const arrive = () => {
    const name = decodeURIComponent(location.hash.slice(1));
    const target = name && document.getElementById(name);
    if (!target || !target.matches("details.change")) return;
    if (target.hidden) {
      search.value = "";
      for (const filter of filters) filter.setAttribute("aria-pressed", "false");
      apply();
      target.hidden = false;
    }
    target.open = true;
    target.scrollIntoView({ block: "center" });
    target.querySelector("summary").focus({ preventScroll: true });
  };
  addEventListener("hashchange", arrive);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#change-']");
    if (link && link.getAttribute("href") === location.hash) arrive();
  });

  const step = (by) => {
    const shown = changes.filter((change) => !change.hidden);
    const at = shown.findIndex((change) => change.contains(document.activeElement));
    const next = shown[at < 0 ? (by > 0 ? 0 : shown.length - 1) : Math.min(Math.max(at + by, 0), shown.length - 1)];
    if (next) next.querySelector("summary").focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && document.activeElement === search) {
      search.value = "";
      apply();
      search.blur();
      return;
    }
    if (event.target.closest("input")) return;
    const keys = { "/": () => search.focus(), j: () => step(1), k: () => step(-1), o: () => fold(true), c: () => fold(false) };
    if (keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  });

  // On paper everything is unfolded.
  let before = [];
  addEventListener("beforeprint", () => {
    before = changes.map((change) => change.open);
    for (const change of changes) change.open = true;
  });
  addEventListener("afterprint", () => changes.forEach((change, at) => { change.open = before[at]; }));

  apply();
  arrive();
})();
