// The lock screen: after some minutes without a key, a click or a touch in any tab, or at once, the page is covered and the session ends.
// Who had it signs in over it and finds it as it was; anybody else gets the first page. Tabs tell one another; nothing is stored.
(function () {
  "use strict";
  const office = window.taizhang, door = office.door;
  if (!door) return;
  const { dialog, told } = door, root = document.documentElement, line = new BroadcastChannel("taizhang"), me = crypto.getRandomValues(new Uint32Array(2)).join();
  const LIMIT = Number(told.lockAfter) * 60000, SECOND = 1000; // milliseconds
  const HEAR = 300, PATIENCE = 5000; // until the other tabs have answered; until all have kept their words
  const AGAIN = 3000, TURN = 10000; // between two tries to end the session; before another tab tries in place of the first
  const keeping = new Set(); // tabs that are keeping words
  let last = Date.now(), saidAt = 0, timer = 0, title = "";
  let isCovered = false, isLocked = false, hasEnded = false, isEnding = false, saidEnded = () => {};

  const say = (words) => line.postMessage(words);
  const pause = (time) => new Promise((resolve) => { setTimeout(resolve, time); });
  const parts = () => [...document.body.children].filter((part) => part !== dialog);

  function cover() {
    if (isCovered) return;
    isCovered = true;
    title = document.title;
    document.title = told.title;
    if (dialog.open) dialog.close();
    door.open(unlock, true);
    root.classList.add("locked");
    parts().forEach((part) => { part.inert = true; });
  }

  function uncover() {
    isCovered = isLocked = hasEnded = false;
    document.title = title;
    parts().forEach((part) => { part.inert = false; });
    root.classList.remove("locked");
    dialog.close();
    watch();
  }

  // By the clock, because the timers of a machine that sleeps and of a tab nobody sees are late.
  async function check() {
    const now = Date.now();
    last = Math.min(last, now);
    if (isCovered) return;
    if (now - last < LIMIT) { watch(); return; }
    cover();
    say({ asks: true }); // what another tab said may still be on its way
    await pause(HEAR);
    if (isLocked) return;
    if (Date.now() - last < LIMIT) uncover(); else lock();
  }

  function watch() {
    clearTimeout(timer);
    timer = setTimeout(check, LIMIT - (Date.now() - last));
  }

  function lock(isFirst = true) {
    if (isLocked) return;
    isLocked = true;
    cover();
    stay();
    document.dispatchEvent(new Event("taizhang:locked"));
    if (isFirst) end(); else setTimeout(end, TURN);
  }

  // A page that is on its way would come uncovered, and this one could not end the session. A form that was sent can be sent again.
  function stay() {
    if (document.readyState === "complete") window.stop(); // else it would be parts of this page
    window.dispatchEvent(new PageTransitionEvent("pageshow"));
  }

  // The words of every tab first, then the session; while the office does not answer it is tried again.
  async function end() {
    if (isEnding) return;
    isEnding = true;
    while (isLocked && !hasEnded) {
      try {
        say({ lock: true });
        await Promise.all([keep(), pause(HEAR)]);
        await others();
        if (!isLocked || hasEnded) break;
        await door.signOut();
        ended();
        say({ ended: true });
      } catch (problem) {
        door.say(told.waiting);
        await pause(AGAIN);
      }
    }
    isEnding = false;
  }

  function ended() {
    hasEnded = true;
    door.say("");
    saidEnded();
  }

  async function keep() {
    if (!office.keepWords) return;
    say({ keeping: me });
    try { await office.keepWords(); } finally { say({ kept: me }); }
  }

  async function others() {
    const until = Date.now() + PATIENCE;
    while (keeping.size && Date.now() < until) await pause(HEAR);
    keeping.clear();
  }

  async function unlock(account, password) {
    if (!hasEnded) await Promise.race([new Promise((resolve) => { saidEnded = resolve; }), pause(AGAIN)]);
    if (!hasEnded) return told.waiting;
    const now = await door.signIn(account, password);
    if (now.error) return now.error;
    goOn(now);
    say({ signedIn: true });
    return "";
  }

  function goOn(now) {
    if (!door.take(now, told.home)) return;
    last = Date.now();
    uncover();
  }

  // Somebody has signed in elsewhere in this browser, the office says who; or a page arrived that was on its way when the session ended.
  async function lookAgain() {
    const now = await door.who().catch(() => ({}));
    if (!isLocked) return;
    if (now.user) goOn(now);
    if (now.user === "") [{ lock: true }, { ended: true }].forEach(say);
  }

  // A page from the browser's memory has missed what was said meanwhile: nothing of it shows before the office has answered.
  async function comeBack() {
    if (isLocked) { if (hasEnded) lookAgain(); return; }
    cover();
    let now = {};
    while (now.user === undefined) {
      now = await door.who().catch(() => ({}));
      if (isLocked) return;
      if (now.user === undefined) { door.say(told.waiting); await pause(AGAIN); }
    }
    if (now.user) { goOn(now); return; }
    isLocked = true;
    ended();
  }

  line.onmessage = ({ data }) => {
    if (data.at) last = Math.max(last, Math.min(data.at, Date.now()));
    if (data.asks && !isCovered) say({ at: last });
    if (data.keeping) keeping.add(data.keeping);
    if (data.kept) keeping.delete(data.kept);
    if (data.lock) { lock(false); keep().catch(() => {}); }
    if (data.ended && isLocked) ended();
    if (data.here && isLocked && !hasEnded) say({ lock: true });
    if ((data.here || data.signedIn) && isLocked && hasEnded) lookAgain();
  };

  function isOld(event) {
    if (!event.isTrusted || isCovered) return isCovered;
    const now = Date.now();
    if (now - last >= LIMIT) return true;
    last = now;
    if (now - saidAt > SECOND) say({ at: saidAt = now });
    return false;
  }

  // What comes too late does nothing but lock; while the page is covered its own keys and clicks sleep.
  ["keydown", "pointerdown", "click", "input"].forEach((name) => window.addEventListener(name, (event) => {
    if (!isOld(event)) return;
    const isInside = dialog.open && dialog.contains(event.target) && event.target !== dialog;
    if (!isInside || name === "keydown") event.stopImmediatePropagation();
    if (!isInside || event.key === "Escape") event.preventDefault();
    check();
  }, true));
  dialog.addEventListener("cancel", (event) => { if (isCovered) event.preventDefault(); });
  dialog.addEventListener("close", () => { if (isCovered && !dialog.open) door.open(unlock, true); });

  document.addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey || event.repeat || event.code !== "KeyL" || office.isComposing(event)) return;
    event.preventDefault();
    lock();
  });
  const button = document.querySelector(".lock-button");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", () => { button.closest("details").open = false; lock(); });
  }

  ["focus", "online"].forEach((name) => window.addEventListener(name, check));
  document.addEventListener("visibilitychange", check);
  window.addEventListener("pageshow", (event) => { if (event.persisted) comeBack(); else check(); });
  // A reload must not be the way round a lock that the office does not know of yet.
  window.addEventListener("beforeunload", () => {
    const token = document.querySelector("input[name=csrf_token]");
    if (isLocked && !hasEnded && token) navigator.sendBeacon(told.wayOut, new URLSearchParams({ csrf_token: token.value }));
  });
  office.isLocked = () => isLocked;
  say({ here: true, at: last });
})();
