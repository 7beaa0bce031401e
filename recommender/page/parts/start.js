"use strict";
// Loads the modules of the page. A page of one version may ask a server of another one for its files, while a
// deployment or a rollback is on its way: then it is loaded anew, once. Without modules the plain list stays.
{
  const mark = "filmes:recarregada";
  const root = document.documentElement;
  root.classList.add("js");
  const missing = () => {
    try {
      if (!sessionStorage.getItem(mark)) {
        sessionStorage.setItem(mark, "1");
        location.reload();
        return;
      }
    } catch {
      // Storage is refused: a page that cannot remember that it was loaded anew would be loaded for ever.
    }
    root.classList.remove("js");
    document.getElementById("falha").hidden = false;
  };
  addEventListener("load", async () => {
    const styles = document.querySelector("link[rel=stylesheet]");
    try {
      if (!styles.sheet) throw new Error("no styles");
      await import("./index.js");
    } catch (error) {
      console.warn(error);
      missing();
      return;
    }
    try {
      sessionStorage.removeItem(mark);
    } catch {
      // Storage is refused.
    }
  });
}
