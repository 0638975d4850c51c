// Forms sent by a script: the server answers with what the API says.

// Send a form's fields to where the form leads; return the envelope, or one that says why there is none.
export async function post(address, fields) {
  try {
    const body = new URLSearchParams(fields);
    const answer = await fetch(address, { method: "POST", headers: { Accept: "application/json" }, body });
    if (answer.status === 401) leave();
    return await answer.json();
  } catch {
    return { success: false, isUnknown: true, error: "The exchange does not answer: send it again." };
  }
}

// Return what became of the one action that was sent.
export function resultOf(told) {
  return told.success ? told.data.results[0] : { success: false, message: told.error, details: told.details };
}

// The session is over: the server says what there is for everybody.
export function leave() {
  location.reload();
}

// The token that every form of this page has.
export const formToken = () => document.querySelector("[name=csrfmiddlewaretoken]").value;
