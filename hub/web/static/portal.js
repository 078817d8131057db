// What a page cannot do by itself: follow something that is under way, and send a file in one piece.
"use strict";

(() => {
  const token = document.querySelector('meta[name="portal-token"]').content;
  const EVERY = 1000;
  const FIRST = 4000;
  const LATE = 40_000;
  const TRIES = 2;

  const pause = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });

  // Puts what was sent into its place; says whether there is more to come.
  const take = (place, text) => {
    const fresh = new DOMParser().parseFromString(text, "text/html").querySelector(".live");
    if (!fresh) return false;
    if ("reload" in fresh.dataset) {
      location.reload();
      return false;
    }
    if (fresh.textContent !== place.textContent) place.replaceChildren(...fresh.childNodes);
    return true;
  };

  const ask = async (place) => {
    const answer = await fetch(place.dataset.poll, { headers: { "X-Xsrftoken": token } }).catch(() => null);
    if (!answer || answer.status >= 500) return true;
    return answer.ok && take(place, await answer.text());
  };

  // Server-sent events, read by fetch: an EventSource sends no header, and a token does not belong into an address.
  // What is silent for longer than the portal ever is was lost, or is held back on its way.
  const listen = async (place) => {
    const stop = new AbortController();
    let silent = setTimeout(() => stop.abort(), FIRST);
    let kept = "";
    let heard = false;
    try {
      const answer = await fetch(`${place.dataset.poll}/live`, { headers: { "X-Xsrftoken": token }, signal: stop.signal });
      if (!answer.ok) return { heard, more: true };
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return { heard, more: true };
        clearTimeout(silent);
        silent = setTimeout(() => stop.abort(), LATE);
        heard = true;
        const events = (kept + value).split("\n\n");
        kept = events.pop();
        for (const event of events) {
          const lines = event.split("\n").filter((line) => line.startsWith("data: "));
          if (lines.length && !take(place, lines.map((line) => line.slice(6)).join("\n"))) return { heard, more: false };
        }
      }
    } catch {
      return { heard, more: true };
    } finally {
      clearTimeout(silent);
      stop.abort();
    }
  };

  const follow = async (place) => {
    let tries = TRIES;
    for (;;) {
      const { heard, more } = tries > 0 ? await listen(place) : { heard: false, more: true };
      if (!more) return;
      tries = heard ? TRIES : tries - 1;
      await pause(EVERY);
      if (!(await ask(place))) return;
    }
  };

  const send = (file, address, tell) =>
    new Promise((done, failed) => {
      const request = new XMLHttpRequest();
      request.open("POST", `${address}?name=${encodeURIComponent(file.name)}`);
      request.setRequestHeader("X-Xsrftoken", token);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.responseType = "json";
      request.upload.onprogress = (event) => tell(Math.round((100 * event.loaded) / (event.total || 1)));
      request.onload = () => (request.status === 200 ? done(request.response.id) : failed(request.response));
      request.onerror = () => failed(null);
      request.send(file);
    });

  const sendAll = async (form, place) => {
    const words = place.dataset;
    const input = place.querySelector('input[type="file"]');
    const text = place.querySelector(".progress-text");
    for (const file of input.files) {
      const tell = (percent) => { text.textContent = `${words.sending} ${file.name} – ${percent} %`; };
      tell(0);
      const hidden = document.createElement("input");
      hidden.type = "hidden";
      hidden.name = "upload";
      hidden.value = await send(file, words.upload, tell);
      form.append(hidden);
    }
    text.textContent = words.sent;
  };

  for (const place of document.querySelectorAll("[data-poll]")) follow(place);

  for (const place of document.querySelectorAll("[data-upload]")) {
    const form = place.closest("form");
    const text = place.querySelector(".progress-text");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = form.querySelector('button[type="submit"]');
      button.disabled = true;
      try {
        await sendAll(form, place);
        form.submit();
      } catch (answer) {
        text.textContent = answer?.error?.message ?? place.dataset.failed;
        form.querySelectorAll('input[name="upload"]').forEach((old) => old.remove());
        button.disabled = false;
      }
    });
  }
})();
