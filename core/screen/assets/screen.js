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

  // The device could not do what it was asked: why stays on display until somebody looks again, and nothing that waits is handed in.
  let broken = false;
  const fault = (response) => response?.status >= 500;

  // One after the other: what is typed first arrives first.
  let line = Promise.resolve();
  function hand(act) {
    const body = fields(act);
    told = Date.now();
    line = line.then(async () => {
      if (broken) return null;
      const response = await fetch("./", { method: "POST", body, headers: { "nightjar-page": "here" }, redirect: "follow", cache: "no-store" });
      broken = fault(response);
      return response;
    }).catch(() => null);
    return line;
  }

  // Windows of one browser tell each other that somebody has given the tablet back: no other shows what they said. Nothing is stored.
  const windows = window.BroadcastChannel ? new BroadcastChannel("hands") : null;
  if (windows) windows.onmessage = () => location.reload();
  const nobody = () => document.body.dataset.hands === "nobody";

  // Puts a page in place of this one, without a flash; at the same place, where it is the same page with more on it.
  async function show(response, stay) {
    const text = await response?.text();
    if (broken && !fault(response)) return;
    if (!response) return location.reload();
    const at = document.activeElement?.id;
    const next = new DOMParser().parseFromString(text, "text/html");
    if (!next.body || !next.getElementById("main")) return location.reload();
    document.title = next.title;
    document.documentElement.lang = next.documentElement.lang;
    document.documentElement.className = next.documentElement.className;
    document.body.className = next.body.className;
    for (const name of Object.keys(document.body.dataset)) delete document.body.dataset[name];
    Object.assign(document.body.dataset, next.body.dataset);
    window.speechSynthesis?.cancel();
    document.body.replaceChildren(...next.body.childNodes);
    begin();
    if (windows && nobody()) windows.postMessage("given back");
    const same = stay && at && document.getElementById(at);
    if (same) return same.focus({ preventScroll: true });
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
    hand("save").then(drawn);
  }

  // What a save was answered with, where the page has changed for it.
  async function drawn(response) {
    if (response?.status === 204) return;
    if (waiting && !broken) {
      // What was written meanwhile goes first.
      clearTimeout(waiting);
      waiting = null;
      await hand("save");
      response = await fetch("./", { cache: "no-store" }).catch(() => null);
    }
    await show(response, true).catch(() => location.reload());
  }

  // All of a question: the parts of a date have groups of their own within it.
  function whole(field) {
    let group = field.closest(".nhsuk-form-group");
    while (group && !group.querySelector("[data-one]")) group = group.parentElement.closest(".nhsuk-form-group");
    return group;
  }

  function changed(event) {
    const one = event.target.closest("[data-one]");
    if (one && event.target.checked) {
      for (const other of one.querySelectorAll("input")) if (other !== event.target) other.checked = false;
    }
    // A tick that there is no answer takes what was written off the page; without it, it is there again.
    if (one) {
      for (const text of whole(one).querySelectorAll("textarea, input[type=text]")) {
        if (event.target.checked) {
          if (text.value) before.set(text, text.value);
          text.value = "";
        } else {
          text.value = before.get(text) ?? text.value;
        }
      }
      for (const choice of whole(one).querySelectorAll("input[type=radio]")) {
        if (event.target.checked && choice.checked) {
          before.set(choice, true);
          choice.checked = false;
        } else if (!event.target.checked && before.get(choice)) {
          before.delete(choice);
          choice.checked = true;
        }
      }
    } else if (event.target.type === "radio") {
      answered(event.target);
    }
    save();
  }

  // Who writes or chooses has an answer: the tick that there is none goes.
  function answered(field) {
    for (const tick of whole(field)?.querySelectorAll("[data-one] input") ?? []) tick.checked = false;
  }

  function typed(event) {
    answered(event.target);
    clearTimeout(waiting);
    waiting = setTimeout(save, 600);
  }

  // A voice that speaks on the device itself: no question leaves it.
  function voice(words) {
    const wanted = (words || document.body).closest("[lang]").lang.split("-")[0];
    const voices = window.speechSynthesis ? speechSynthesis.getVoices() : [];
    return voices.find((one) => one.localService && one.lang.split(/[-_]/)[0] === wanted);
  }

  function listen() {
    for (const place of document.querySelectorAll("[data-listen]")) {
      const button = place.querySelector("button");
      const group = place.nextElementSibling;
      if (!voice(group)) continue;
      place.hidden = false;
      const words = button.textContent;
      button.onclick = () => {
        if (speechSynthesis.speaking) {
          speechSynthesis.cancel();
          button.textContent = words;
          return;
        }
        const says = new SpeechSynthesisUtterance(group ? group.innerText : "");
        says.voice = voice(group);
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
  function touch(event) {
    // A tablet that slept: whoever wakes it sees first what it hides. Whoever wants to talk to someone is heard first.
    const hide = Number(document.body.dataset.hide || 0) * 1000;
    if (event.target.closest?.("button[value=talk]")) {
      touched = Date.now();
      return;
    }
    if (hide && Date.now() - Math.max(touched, told) >= hide) return location.reload();
    touched = Date.now();
    if (touched - told > 30000 && form()) {
      hand("here").then((response) => {
        if (response?.status !== 204) show(response, true).catch(() => location.reload());
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
