// Makes the pages of the ward screen better; without it they work, too. Keeps nothing: no storage, no cookie.
"use strict";
(() => {
  let sent = 0;
  let touched = Date.now();
  let told = Date.now();
  let waiting = null;
  const before = new WeakMap();

  const form = () => document.getElementById("page");

  function fields(act) {
    const all = new URLSearchParams();
    for (const [name, value] of new FormData(form())) {
      // That somebody is here says nothing of what stands on the page.
      if (name === "page" || (act !== "here" && name !== "n" && name !== "do")) all.append(name, value);
    }
    sent += 1;
    all.append("n", String(sent));
    all.append("do", act);
    return all;
  }

  // One after the other: what is typed first arrives first.
  let line = Promise.resolve();
  function hand(act) {
    const body = fields(act);
    told = Date.now();
    line = line.then(() => fetch("./", { method: "POST", body, redirect: "follow", cache: "no-store" })).catch(() => null);
    return line;
  }

  // Puts a page in place of this one, without a flash.
  async function show(response) {
    if (!response) return location.reload();
    const next = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!next.body || !next.getElementById("main")) return location.reload();
    document.title = next.title;
    document.documentElement.lang = next.documentElement.lang;
    document.documentElement.className = next.documentElement.className;
    document.body.className = next.body.className;
    Object.assign(document.body.dataset, next.body.dataset);
    window.speechSynthesis?.cancel();
    document.body.replaceChildren(...next.body.childNodes);
    begin();
    scrollTo(0, 0);
    const first = document.querySelector(".nhsuk-error-summary") || document.getElementById("main");
    first.focus({ preventScroll: true });
  }

  async function submit(event) {
    event.preventDefault();
    clearTimeout(waiting);
    waiting = null;
    const act = event.submitter ? event.submitter.value : "";
    await show(await hand(act)).catch(() => location.reload());
  }

  // Each input is saved at once.
  function save() {
    clearTimeout(waiting);
    waiting = null;
    // Words and PINs are nobody's answers: they go when a button is pressed.
    if (!document.querySelector("[name^=q], [name^=x]")) return;
    hand("save").then((response) => {
      if (!response || response.redirected || !response.ok) location.reload();
    });
  }

  function changed(event) {
    const one = event.target.closest("[data-one]");
    if (one && event.target.checked) {
      for (const other of one.querySelectorAll("input")) if (other !== event.target) other.checked = false;
    }
    // A tick that there is no answer takes what was written off the page; without it, it is there again.
    if (one) {
      for (const text of one.closest(".nhsuk-form-group").querySelectorAll("textarea, input[type=text]")) {
        if (event.target.checked) {
          if (text.value) before.set(text, text.value);
          text.value = "";
        } else {
          text.value = before.get(text) ?? text.value;
        }
      }
    }
    save();
  }

  // Who writes has an answer: the tick that there is none goes.
  function typed(event) {
    const group = event.target.closest(".nhsuk-form-group");
    for (const tick of group?.querySelectorAll("[data-one] input") ?? []) tick.checked = false;
    clearTimeout(waiting);
    waiting = setTimeout(save, 600);
  }

  // A voice that speaks on the device itself: no question leaves it.
  function voice() {
    const wanted = document.body.dataset.language.split("-")[0];
    const voices = window.speechSynthesis ? speechSynthesis.getVoices() : [];
    return voices.find((one) => one.localService && one.lang.split(/[-_]/)[0] === wanted);
  }

  function listen() {
    for (const place of document.querySelectorAll("[data-listen]")) {
      const button = place.querySelector("button");
      if (!voice()) continue;
      place.hidden = false;
      const words = button.textContent;
      button.onclick = () => {
        if (speechSynthesis.speaking) {
          speechSynthesis.cancel();
          button.textContent = words;
          return;
        }
        const group = place.nextElementSibling;
        const says = new SpeechSynthesisUtterance(group ? group.innerText : "");
        says.voice = voice();
        says.lang = says.voice.lang;
        says.onend = () => { button.textContent = words; };
        button.textContent = button.dataset.stop;
        speechSynthesis.speak(says);
      };
    }
  }

  function begin() {
    sent = 0;
    const page = form();
    if (!page) return;
    page.addEventListener("submit", submit);
    page.addEventListener("change", changed);
    page.addEventListener("input", (event) => {
      if (event.target.matches("textarea, input[type=text]")) typed(event);
    });
    listen();
  }

  // Nobody touches the tablet: the page is drawn again, and hides what it shows when it is time.
  function touch() {
    // A tablet that slept: whoever wakes it sees first what it hides.
    const hide = Number(document.body.dataset.hide || 0) * 1000;
    if (hide && Date.now() - Math.max(touched, told) >= hide) return location.reload();
    touched = Date.now();
    if (touched - told > 30000 && form()) {
      hand("here").then((response) => {
        if (!response || response.redirected || !response.ok) location.reload();
      });
    }
  }
  for (const kind of ["pointerdown", "keydown", "wheel", "touchmove"]) addEventListener(kind, touch, { passive: true });
  setInterval(() => {
    const hide = Number(document.body.dataset.hide || 0) * 1000;
    const here = Math.max(touched, told);
    if (hide && Date.now() - here >= hide) {
      touched = Date.now();
      location.reload();
    }
  }, 1000);

  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  if (window.speechSynthesis) speechSynthesis.addEventListener?.("voiceschanged", listen);
  begin();
})();
