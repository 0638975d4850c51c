// Makes the page's socket the agent's own, by a ticket that is good once, whenever there is a new socket; and says what
// the agent is told on it.

import { formToken, leave, post } from "./post.js";
import { say } from "./said.js";

const UNAUTHORIZED = 4401; // the session has ended, or the key
const REPLACED = 4409; // an agent has so many sockets at most: others have opened since

export function mountSocket(feed) {
  let isReplaced = false; // then the page goes on as anybody's, until it is looked at again

  const authenticate = async () => {
    if (isReplaced) return;
    const socket = feed.socket;
    const told = await post("/me/socket", { csrfmiddlewaretoken: formToken() });
    if (told.success && socket === feed.socket) feed.send({ type: "authenticate", token: told.data.sessionToken });
  };

  feed.on("connection", ({ state, code }) => {
    if (code === REPLACED) isReplaced = true;
    if (code === UNAUTHORIZED) leave();
    else if (state === "connected") authenticate();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden || !isReplaced) return;
    isReplaced = false;
    if (feed.isGreeted) authenticate();
  });

  feed.on("authenticated", ({ success }) => document.body.toggleAttribute("data-authenticated", success));
  feed.on("agent:alert", (alerts) => alerts.forEach(({ message, severity }) => say(message, severity)));
  feed.on("agent:message", (messages) =>
    messages.forEach(({ fromAgentName, content }) => say(`${fromAgentName} writes: ${content.text}`)),
  );
  if (feed.isGreeted) authenticate(); // it was faster than this script
}
