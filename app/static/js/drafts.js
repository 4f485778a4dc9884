// Entry forms: what is typed is kept on the server within five seconds, and nothing is lost when the session, the line or the server is.
(function () {
  "use strict";
  const EVERY = 3000; // milliseconds; with the time of a request well below five seconds
  const state = document.querySelector("form.entry .draft-state");
  if (!state) return;
  const form = state.form || state.closest("form"), told = state.dataset, office = window.taizhang, door = office.door;
  const json = { Accept: "application/json" };
  const GOES_ON = [200, 409]; // kept, or not kept for a reason that does not speak against saving; otherwise the words stay on the page
  const STILL = 1500; // milliseconds without a key before a question may take the keyboard
  let touched = Boolean(told.unkept), kept = told.unkept ? null : words(), sending = null, sent = false, checked = false;
  let lastKey = 0, refused = false;
  form.querySelector(".buttons")?.append(state);

  function words() {
    const found = new URLSearchParams(new FormData(form));
    found.delete("csrf_token");
    return found.toString();
  }

  function isUnkept() {
    return touched && !sent && words() !== kept;
  }

  function request(typed) {
    const body = new URLSearchParams(typed);
    body.set("csrf_token", form.elements.csrf_token.value);
    body.set("draft_screen", told.screen);
    body.set("draft_form", told.form);
    body.set("draft_pk", told.pk);
    return body;
  }

  function say(text, wrong) {
    state.toggleAttribute("data-pending", isUnkept());
    if (state.textContent !== text) state.textContent = text;
    state.classList.toggle("wrong", Boolean(wrong));
  }

  // One at a time, the newest words; answers the status, or 0 where nobody answers.
  async function keep() {
    const typed = words();
    try {
      const answer = await fetch(told.url, { method: "POST", headers: json, body: request(typed) });
      const said = await answer.json();
      if (answer.ok) { kept = typed; say(said.text); }
      else if (answer.status === 401) say(told.signedOut, true);
      else say(said.error || told.offline, true);
      return answer.status;
    } catch (problem) {
      say(told.offline, true);
      return 0;
    }
  }

  function keepOnce() {
    sending = sending || keep().finally(() => { sending = null; });
    return sending;
  }

  // What is on its way may hold older words or the token of a session that has ended.
  async function keepAnew() {
    while (sending) await sending;
    return keepOnce();
  }

  async function keepNow() {
    if (!isUnkept() || sending || office.isLocked()) return;
    const status = await keepOnce();
    if (status === 400 && await signedIn()) keepOnce();
    if (status !== 401 || refused || door.dialog.open || Date.now() - lastKey < STILL) return;
    if (await door.askAgain()) keepOnce(); else refused = true;
  }

  async function signedIn() {
    return door.who().then((now) => door.take(now, window.location.pathname)).catch(() => false);
  }

  // Before the session ends with a locked screen; an error where the office does not answer.
  office.keepWords = async () => {
    if (sending) await sending;
    let status = isUnkept() ? await keepAnew() : 200;
    if (status === 400 && await signedIn()) status = await keepAnew();
    if (!status || status === 503) throw new Error("not kept");
  };

  // What stands here is nobody's who is here now.
  document.addEventListener("taizhang:leave", () => { sent = true; say(told.other, true); });
  document.addEventListener("taizhang:locked", () => { refused = false; });

  // Before a form goes off, its words are kept and the session is asked for: an ended one costs a password, never the words.
  form.addEventListener("submit", async (event) => {
    if (checked) { sent = true; return; }
    event.preventDefault();
    event.stopPropagation();
    if (form.classList.contains("checking")) return;
    form.classList.add("checking");
    const button = event.submitter;
    touched = true;
    try {
      let status = await keepAnew();
      if (status === 401 ? await door.askAgain() : status === 400 && await signedIn()) status = await keepAnew();
      checked = GOES_ON.includes(status) && !sent;
    } finally {
      form.classList.remove("checking");
    }
    if (checked) form.requestSubmit(button && !button.disabled ? button : undefined);
  });

  // A page that comes back from the browser's memory is typed into again.
  window.addEventListener("pageshow", () => { sent = checked = false; });

  ["input", "change", "keydown", "paste"].forEach((name) => form.addEventListener(name, () => {
    touched = true;
    lastKey = Date.now();
    state.toggleAttribute("data-pending", isUnkept());
  }));
  window.jQuery?.(form).on("change", () => { touched = true; }); // pickers tell jQuery alone
  form.addEventListener("focusout", keepNow);
  setInterval(keepNow, EVERY);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") keepNow(); });
  window.addEventListener("pagehide", () => { if (isUnkept()) navigator.sendBeacon(told.url, request(words())); });
  window.addEventListener("beforeunload", (event) => { if (isUnkept()) event.preventDefault(); });

  const question = document.getElementById("comparison");
  if (question) question.focus();
})();
