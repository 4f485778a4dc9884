// The bell: a page that has no number of this minute asks for it.
(function () {
  "use strict";
  const bell = document.querySelector(".bell");
  const number = bell?.querySelector(".bell-number");
  if (!number || number.textContent) return;
  fetch(bell.dataset.url, { headers: { Accept: "application/json" }, redirect: "error" })
    .then((answer) => (answer.ok ? answer.json() : { number: 0 }))
    .then((told) => {
      number.textContent = told.number > 99 ? "99+" : String(told.number);
      number.hidden = !told.number;
    })
    .catch(() => { /* the bell stays without a number */ });
})();
