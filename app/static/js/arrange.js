// What somebody arranges for themselves: panels that close, columns that move without a reload, the tree of places.
(function () {
  "use strict";
  const panels = Array.from(document.querySelectorAll("details.drop, details.row-menu"));
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && panels.find((panel) => panel.open && panel.contains(document.activeElement));
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    panels.filter((panel) => panel.classList.contains("drop") && !panel.contains(event.target)).forEach((panel) => { panel.open = false; });
  });

  // The order of the list is the order of the columns; without a script the server moves them.
  document.querySelectorAll(".column-list .move").forEach((button) => {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      const line = button.closest("li"), other = button.name === "up" ? line.previousElementSibling : line.nextElementSibling;
      if (!other) return;
      if (button.name === "up") other.before(line); else other.after(line);
      button.focus();
    });
  });
  const chooser = document.getElementById("columns");
  if (chooser && location.hash === "#columns") chooser.open = true;

  const tree = document.querySelector(".region-tree");
  if (!tree) return;
  const isNarrow = window.matchMedia("(max-width: 800px)").matches;
  if (isNarrow) tree.open = false;

  // Deeper places are asked for when somebody opens their place.
  tree.addEventListener("toggle", (event) => {
    const branch = event.target;
    if (branch === tree || !branch.open || !branch.dataset.place) return;
    const uid = branch.dataset.place;
    delete branch.dataset.place;
    fetch(`${tree.dataset.parts}${uid}${tree.dataset.query}`, { credentials: "same-origin" })
      .then((answer) => (answer.ok ? answer.text() : Promise.reject(new Error(answer.status))))
      .then((parts) => { branch.querySelector("ul").innerHTML = parts; })
      .catch(() => { branch.dataset.place = uid; branch.open = false; });
  }, true);

  // Whether the tree stands open is remembered for this list, on a wide screen.
  let wasOpen = tree.open;
  tree.addEventListener("toggle", () => {
    if (isNarrow || tree.open === wasOpen) return;
    wasOpen = tree.open;
    const told = new FormData();
    told.append("csrf_token", document.querySelector("input[name=csrf_token]").value);
    told.append("tree_closed", tree.open ? "0" : "1");
    fetch(tree.dataset.keep, { method: "POST", body: told, credentials: "same-origin" });
  });
})();
