// What a page cannot do by itself: follow something that is under way, and send a file in one piece.
"use strict";

(() => {
  const token = document.querySelector('meta[name="portal-token"]').content;
  const EVERY = 1000;

  const follow = (place) => {
    setTimeout(async () => {
      const answer = await fetch(place.dataset.poll, { headers: { "X-Xsrftoken": token } }).catch(() => null);
      if (!answer || !answer.ok) {
        if (answer && answer.status < 500) return;
        follow(place);
        return;
      }
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".live");
      if (!fresh) return;
      if ("reload" in fresh.dataset) {
        location.reload();
        return;
      }
      if (fresh.textContent !== place.textContent) place.replaceChildren(...fresh.childNodes);
      follow(place);
    }, EVERY);
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
