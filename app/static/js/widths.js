// How wide the columns of a list are: dragged at the edge of a header, or by the arrow keys there; a double click leaves it to the browser.
(function () {
  "use strict";
  const table = document.querySelector("table.ledger[data-keep-width]");
  if (!table) return;
  const told = table.dataset, LEAST = Number(told.narrowest), MOST = Number(told.widest);
  const STEP = 10, LEAP = 50, QUIET = 600; // pixels of an arrow key, with Shift; milliseconds without a key before it is kept
  const form = table.closest("form"), heads = [...table.querySelectorAll("th[data-column]")];
  const sheet = new CSSStyleSheet(), waiting = new Map();

  const placeOf = (head) => [...head.parentElement.children].indexOf(head) + 1;
  const widthOf = (head) => Number(head.dataset.width || 0);

  // A rule for each column, not a style for each cell. A phone shows cards, which have no columns.
  function draw() {
    const rules = heads.filter(widthOf).map((head) => {
      const cells = `main .ledger > * > tr > :nth-child(${placeOf(head)})`, width = `${widthOf(head)}px`;
      return `${cells} { width: ${width}; min-width: ${width}; max-width: ${width}; overflow: hidden; text-overflow: ellipsis; }`;
    });
    sheet.replaceSync(`@media (min-width: 601px) { ${rules.join(" ")} }`);
    heads.forEach((head) => tell(head));
  }

  function tell(head) {
    const handle = head.querySelector(".width-handle"), now = widthOf(head) || Math.round(head.offsetWidth);
    handle?.setAttribute("aria-valuenow", String(Math.min(Math.max(now, LEAST), MOST)));
    handle?.setAttribute("aria-valuetext", widthOf(head) ? String(now) : told.automatic);
  }

  function set(head, width) {
    head.dataset.width = width ? Math.round(Math.min(Math.max(width, LEAST), MOST)) : 0;
    const box = document.querySelector(`.column-width[name="width_${head.dataset.column}"]`);
    if (box) box.value = widthOf(head) || "";
    draw();
  }

  function keep(head) {
    clearTimeout(waiting.get(head));
    waiting.delete(head);
    const words = { query: form.elements.query.value, column: head.dataset.column, width: widthOf(head), csrf_token: form.elements.csrf_token.value };
    const sent = { method: "POST", body: new URLSearchParams(words), headers: { Accept: "application/json" }, keepalive: true };
    fetch(told.keepWidth, sent).catch(() => { /* it is wide as long as the page is there */ });
  }

  function keepSoon(head) {
    clearTimeout(waiting.get(head));
    waiting.set(head, setTimeout(keep, QUIET, head));
  }

  function drag(head, handle, event) {
    if (event.button) return;
    event.preventDefault();
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    const from = event.clientX, was = head.offsetWidth, stop = new AbortController(), { signal } = stop;
    let moved = false;
    handle.addEventListener("pointermove", (now) => {
      moved = moved || Math.abs(now.clientX - from) > 2;
      if (moved) set(head, was + now.clientX - from);
    }, { signal });
    ["pointerup", "pointercancel"].forEach((name) => handle.addEventListener(name, () => {
      stop.abort();
      if (moved) keep(head);
    }, { signal }));
  }

  function press(head, event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const step = event.shiftKey ? LEAP : STEP, now = widthOf(head) || head.offsetWidth;
    const wanted = { ArrowLeft: Math.max(now - step, LEAST), ArrowRight: now + step, Home: LEAST, End: MOST, Enter: 0 }[event.key];
    if (wanted === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    set(head, wanted);
    keepSoon(head);
  }

  heads.forEach((head) => {
    const label = head.textContent.trim(), handle = document.createElement("span");
    const says = { role: "separator", tabindex: "0", "aria-orientation": "vertical", "aria-valuemin": LEAST, "aria-valuemax": MOST };
    Object.entries(says).forEach(([name, value]) => handle.setAttribute(name, value));
    handle.setAttribute("aria-label", told.widthOf.replace("{column}", label));
    handle.className = "width-handle";
    head.setAttribute("aria-label", label); // the handle is no part of what the column is called
    handle.addEventListener("pointerdown", (event) => drag(head, handle, event));
    handle.addEventListener("dblclick", () => { set(head, 0); keep(head); });
    handle.addEventListener("keydown", (event) => press(head, event));
    handle.addEventListener("focus", () => tell(head));
    head.append(handle);
  });
  window.addEventListener("pagehide", () => [...waiting.keys()].forEach(keep));
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  draw();
})();
