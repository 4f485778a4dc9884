// The door of the office without leaving the page: who is signed in, signing in over the page and out, and the dialog for it.
(function () {
  "use strict";
  const dialog = document.querySelector("dialog.sign-in-again");
  if (!dialog) return;
  const told = dialog.dataset, json = { Accept: "application/json" };
  const account = dialog.querySelector("#again-account"), box = dialog.querySelector("#again-password"), wrong = dialog.querySelector(".error");
  let enter = null, busy = false, asking = null;

  async function ask(url, words) {
    const sent = words && { method: "POST", body: new URLSearchParams(words) };
    return (await fetch(url, { headers: json, ...sent })).json();
  }

  const who = () => ask(told.door);

  async function signIn(user, password) {
    const now = await who();
    return now.user ? now : ask(told.door, { csrf_token: now.csrf_token, username: user, password: password });
  }

  // Afterwards nobody is signed in here; an error where that is not certain.
  async function signOut() {
    let now = await who();
    if (now.user) now = await ask(told.wayOut, { csrf_token: now.csrf_token });
    if (now.user !== "") throw new Error("still signed in");
  }

  // The page goes on for the person it was made for, with a new token for its forms. Anybody else gets a page of their own.
  function take(now, elsewhere) {
    if (now.user && now.user !== told.user) {
      document.dispatchEvent(new Event("taizhang:leave"));
      window.location.replace(elsewhere);
      return false;
    }
    if (now.user) document.querySelectorAll("input[name=csrf_token]").forEach((token) => { token.value = now.csrf_token; });
    return Boolean(now.user);
  }

  // `act` gets the account and the password and answers what is wrong with them.
  function open(act, isLock) {
    enter = act;
    account.value = told.user;
    box.value = wrong.textContent = "";
    dialog.classList.toggle("locked", isLock);
    if (!dialog.open) dialog.showModal();
    box.focus();
  }

  // Answers whether the same person is signed in again, once the dialog is closed; whoever asks meanwhile gets the same answer.
  function askAgain() {
    if (dialog.open) return asking || Promise.resolve(false);
    asking = new Promise((resolve) => {
      let done = false;
      dialog.addEventListener("close", () => resolve(done), { once: true });
      open(async (_account, password) => {
        const now = await signIn(told.user, password);
        if (now.error) return now.error;
        done = take(now, window.location.pathname);
        dialog.close();
        return "";
      }, false);
    }).finally(() => { asking = null; });
    return asking;
  }

  dialog.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    if (busy) return;
    busy = true;
    const password = box.value;
    box.value = "";
    wrong.textContent = await enter(account.value, password).catch(() => told.noAnswer);
    busy = false;
    if (dialog.open) box.focus();
  });
  dialog.querySelector("[value=later]").addEventListener("click", () => dialog.close());

  window.taizhang.door = { dialog, told, who, signIn, signOut, take, open, askAgain, say: (text) => { wrong.textContent = text; } };
})();
