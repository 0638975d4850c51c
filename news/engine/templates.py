"""The wording of articles: for each kind some headlines and summaries, drawn by the desk.

No template holds a digit: every number comes from a fact. A headline keeps under 15 words and a
summary under 50 whatever is put in.
"""

from __future__ import annotations

from typing import TypeAlias

Template: TypeAlias = tuple[str, str]  # headline, summary
Templates: TypeAlias = tuple[Template, ...]

# What an event is worth, put into its article as {valuation}; {halted} follows it.
VALUATIONS: dict[str, tuple[str, ...]] = {
    "up": (
        "The news is seen adding {impact} to the shares, now at {price}.",
        "Dealers put the gain at {impact}; the price stands at {price}.",
        "It is reckoned worth {a_impact} rise, and the shares stand at {price}.",
    ),
    "down": (
        "The news is seen taking {impact} off the shares, now at {price}.",
        "Dealers put the damage at {impact}; the price stands at {price}.",
        "It is reckoned worth {a_impact} fall, and the shares stand at {price}.",
    ),
    "flat": ("It is seen moving the shares little; they stand at {price}.",),
}

EVENTS: dict[str, Templates] = {
    "EARNINGS_BEAT": (
        (
            "{company} beats earnings estimates",
            "{company} has reported quarterly profit above what analysts expected."
            " {valuation}{halted}",
        ),
        (
            "{company_s} quarterly profit tops forecasts",
            "Earnings of the {sector} company came in ahead of every published forecast."
            " {valuation}{halted}",
        ),
        (
            "Strong quarter for {company} surprises analysts",
            "{company} earned more than Wall Street had pencilled in. {valuation}{halted}",
        ),
    ),
    "EARNINGS_MISS": (
        (
            "{company} misses earnings estimates",
            "{company} has reported quarterly profit below what analysts expected."
            " {valuation}{halted}",
        ),
        (
            "{company_s} quarterly profit falls short",
            "Earnings of the {sector} company came in under the published forecasts."
            " {valuation}{halted}",
        ),
        (
            "Weak quarter at {company} disappoints",
            "{company} earned less than Wall Street had pencilled in. {valuation}{halted}",
        ),
    ),
    "CEO_SCANDAL": (
        (
            "Scandal engulfs {company_s} chief executive",
            "Allegations against the head of {company} have become public. {valuation}{halted}",
        ),
        (
            "{company} chief under fire over conduct",
            "The board of the {sector} company is meeting over its chief executive's conduct."
            " {valuation}{halted}",
        ),
        (
            "{company} rocked by allegations at the top",
            "A scandal around its chief executive has caught {company} unprepared."
            " {valuation}{halted}",
        ),
    ),
    "PRODUCT_LAUNCH": (
        (
            "{company} unveils new product",
            "{company} has presented a product that the market did not have on its list."
            " {valuation}{halted}",
        ),
        (
            "{company_s} launch draws early praise",
            "First reviews of what {company} put on sale are warm. {valuation}{halted}",
        ),
        (
            "New product opens a market for {company}",
            "The {sector} company has launched a product ahead of its rivals. {valuation}{halted}",
        ),
    ),
    "FDA_APPROVAL": (
        (
            "FDA approves {company} treatment",
            "The regulator has cleared a treatment made by {company}. {valuation}{halted}",
        ),
        (
            "{company} wins FDA approval",
            "{company} may sell its leading candidate, the FDA has ruled. {valuation}{halted}",
        ),
        (
            "Regulator clears {company_s} leading drug",
            "An FDA decision lets {company} bring its leading drug to patients."
            " {valuation}{halted}",
        ),
    ),
    "FDA_REJECTION": (
        (
            "FDA rejects {company} treatment",
            "The regulator has turned down a treatment made by {company}. {valuation}{halted}",
        ),
        (
            "{company} denied FDA approval",
            "{company} may not sell its leading candidate, the FDA has ruled. {valuation}{halted}",
        ),
        (
            "Regulator turns down {company_s} leading drug",
            "An FDA decision keeps {company_s} leading drug from patients. {valuation}{halted}",
        ),
    ),
    "MERGER_RUMOR": (
        (
            "{company} said to be in merger talks",
            "People close to the matter speak of a suitor for {company}. {valuation}{halted}",
        ),
        (
            "Takeover interest in {company} reported",
            "A bid for the {sector} company may be near, bankers say; none is announced."
            " {valuation}{halted}",
        ),
        (
            "Bidder circles {company}, sources say",
            "{company} has declined to comment on reports of an approach. {valuation}{halted}",
        ),
    ),
    "INSIDER_SELLING": (
        (
            "{company} insiders sell shares",
            "Filings show executives of {company} selling stock of their own. {valuation}{halted}",
        ),
        (
            "Executives cut stakes in {company}",
            "Managers of the {sector} company have reported sales of shares. {valuation}{halted}",
        ),
        (
            "Insider sales weigh on {company}",
            "New filings list sales by people who run {company}. {valuation}{halted}",
        ),
    ),
    "SHORT_SQUEEZE": (
        (
            "Short sellers squeezed in {company}",
            "Those who bet against {company} are buying back in haste. {valuation}{halted}",
        ),
        (
            "{company} spikes as shorts run for cover",
            "A squeeze has caught the short sellers of {company}. {valuation}{halted}",
        ),
        (
            "Squeeze grips {company}",
            "Borrowed shares of the {sector} company are being called in. {valuation}{halted}",
        ),
    ),
    "ANALYST_UPGRADE": (
        (
            "Analysts upgrade {company}",
            "A leading broker has raised its rating of {company}. {valuation}{halted}",
        ),
        (
            "Broker turns bullish on {company}",
            "A research note calls the {sector} company a buy. {valuation}{halted}",
        ),
        (
            "{company} raised to buy",
            "Analysts see more to come from {company}. {valuation}{halted}",
        ),
    ),
    "ANALYST_DOWNGRADE": (
        (
            "Analysts downgrade {company}",
            "A leading broker has cut its rating of {company}. {valuation}{halted}",
        ),
        (
            "Broker turns bearish on {company}",
            "A research note calls the {sector} company a sell. {valuation}{halted}",
        ),
        (
            "{company} cut to sell",
            "Analysts see trouble ahead for {company}. {valuation}{halted}",
        ),
    ),
    "MEME_PUMP": (
        (
            "Online crowd piles into {company}",
            "{company} is the talk of every message board. {valuation}{halted}",
        ),
        (
            "{company} goes viral",
            "Posts about {company} are everywhere, and so are buyers. {valuation}{halted}",
        ),
        (
            "Frenzy over {company} spreads",
            "Small traders are chasing the {sector} company. {valuation}{halted}",
        ),
    ),
    "SECTOR_ROTATION_UP": (
        (
            "Money rotates into {sector} stocks",
            "Funds are shifting into the sector. The move is worth {impact} to {companies} at"
            " once.",
        ),
        (
            "{sector_title} sector back in favor",
            "Large investors are adding to the sector; {companies} gain {impact} by it.",
        ),
        (
            "Investors warm to {sector} shares",
            "A rotation lifts {companies} in the sector by {impact}.",
        ),
    ),
    "SECTOR_ROTATION_DOWN": (
        (
            "Money rotates out of {sector} stocks",
            "Funds are leaving the sector. The move takes {impact} off {companies} at once.",
        ),
        (
            "{sector_title} sector falls out of favor",
            "Large investors are cutting the sector; {companies} lose {impact} by it.",
        ),
        (
            "Investors cool on {sector} shares",
            "A rotation lowers {companies} in the sector by {impact}.",
        ),
    ),
    "BLACK_SWAN": (
        (
            "Unforeseen shock hits the market",
            "An event that nobody had in their models is worth {impact} off the average stock."
            " The index stands at {index}.",
        ),
        (
            "Markets reel from sudden crisis",
            "Prices are being marked down by {impact} for a company of average risk. The index"
            " stands at {index}.",
        ),
        (
            "Black swan sends investors running",
            "Risk is sold everywhere; the shock is put at {impact}. The index stands at {index}.",
        ),
    ),
    "MARKET_CRASH": (
        (
            "Stocks tumble across the board",
            "A wave of selling takes {impact} off a stock of average risk. The index stands at"
            " {index}.",
        ),
        (
            "Market crashes as sellers swamp buyers",
            "The fall is put at {impact} for the average company. The index stands at {index}.",
        ),
        (
            "Broad sell-off shakes the market",
            "Every sector is being sold; the blow is reckoned at {impact}. The index stands at"
            " {index}.",
        ),
    ),
    "RALLY": (
        (
            "Stocks rally across the board",
            "A wave of buying adds {impact} to a stock of average risk. The index stands at"
            " {index}.",
        ),
        (
            "Buyers return in force",
            "The gain is put at {impact} for the average company. The index stands at {index}.",
        ),
        (
            "Broad rally lifts the market",
            "Every sector is being bought; the gain is reckoned at {impact}. The index stands at"
            " {index}.",
        ),
    ),
    "FED_MEETING_HIKE": (
        (
            "Fed raises rates to {interest}",
            "The central bank has lifted its rate by {step}. Stocks lose {impact} on average.",
        ),
        (
            "Rates go up: Fed moves to {interest}",
            "Policy makers have raised the rate by {step}, and the average stock gives up"
            " {impact}.",
        ),
        (
            "Fed tightens, rate now {interest}",
            "An increase of {step} costs the average stock {impact}.",
        ),
    ),
    "FED_MEETING_CUT": (
        (
            "Fed cuts rates to {interest}",
            "The central bank has lowered its rate by {step}. Stocks gain {impact} on average.",
        ),
        (
            "Rates come down: Fed moves to {interest}",
            "Policy makers have cut the rate by {step}, and the average stock adds {impact}.",
        ),
        (
            "Fed eases, rate now {interest}",
            "A cut of {step} brings the average stock {impact}.",
        ),
    ),
    "FED_MEETING_HOLD": (
        (
            "Fed leaves rates at {interest}",
            "The central bank has changed nothing. The market's reaction is {move} on average.",
        ),
        (
            "No change from the Fed: {interest}",
            "Policy makers keep the rate where it is; the average stock moves {move}.",
        ),
        (
            "Fed stands pat at {interest}",
            "The rate stays. Investors answer with {move} for the average stock.",
        ),
    ),
    # An event whose impact, or whose subject, is not that of its kind: an operator's.
    "EVENT_UP": (
        (
            "{subject_title} jumps on {event} news",
            "The news is worth {impact} to {subject} at once.",
        ),
        (
            "Good news for {subject}: {event}",
            "It is reckoned at {a_impact} gain.",
        ),
        (
            "{event_title} lifts {subject}",
            "{subject_title} is marked up by {impact}.",
        ),
    ),
    "EVENT_DOWN": (
        (
            "{subject_title} drops on {event} news",
            "The news takes {impact} off {subject} at once.",
        ),
        (
            "Bad news for {subject}: {event}",
            "It is reckoned at {a_impact} loss.",
        ),
        (
            "{event_title} hits {subject}",
            "{subject_title} is marked down by {impact}.",
        ),
    ),
    "EVENT_FLAT": (
        (
            "{subject_title} shrugs off {event} news",
            "The news is worth nothing to {subject}, dealers say.",
        ),
        (
            "{event_title} leaves {subject} cold",
            "No price was moved by it.",
        ),
        (
            "Little reaction to {event} at {subject}",
            "The news is not reckoned to change what {subject} is worth.",
        ),
    ),
}

PRICES: dict[str, Templates] = {
    "JUMP": (
        (
            "{company} jumps {move} in a minute",
            "The shares went from {before} to {price} within one tick.",
        ),
        (
            "Sudden buying lifts {company} {move}",
            "{symbol} moved to {price}, from {before} a tick earlier.",
        ),
        (
            "{company} leaps to {price}",
            "That is {a_move} gain within one tick, from {before}.",
        ),
    ),
    "DROP": (
        (
            "{company} drops {move} in a minute",
            "The shares went from {before} to {price} within one tick.",
        ),
        (
            "Sudden selling knocks {company} down {move}",
            "{symbol} moved to {price}, from {before} a tick earlier.",
        ),
        (
            "{company} slips to {price}",
            "That is {a_move} loss within one tick, from {before}.",
        ),
    ),
    "SWEEP_UP": (
        (
            "{companies} jump at once, led by {leader}",
            "Unusual gains ran through the market within one tick. {leader} led with {move}.",
        ),
        (
            "Wave of buying lifts {companies}",
            "The largest gain within the tick was {leader_s}: {move}.",
        ),
        (
            "Prices leap in {companies}",
            "{leader} rose most, by {move}, in a tick that moved much of the market.",
        ),
    ),
    "SWEEP_DOWN": (
        (
            "{companies} drop at once, led by {leader}",
            "Unusual losses ran through the market within one tick. {leader} led with {move}.",
        ),
        (
            "Wave of selling hits {companies}",
            "The largest loss within the tick was {leader_s}: {move}.",
        ),
        (
            "Prices slide in {companies}",
            "{leader} fell most, by {move}, in a tick that moved much of the market.",
        ),
    ),
    "SWEEP_MIXED": (
        (
            "{companies} swing at once, {leader} most",
            "Prices went both ways within one tick. {leader} moved most: {signed_move}.",
        ),
        (
            "Both ways at once: {companies} move sharply",
            "The largest move within the tick was {leader_s}: {signed_move}.",
        ),
    ),
    "INDICATED_UP": (
        (
            "{company} indicated at {price} while halted",
            "The price of the halted shares has gone up {move} since the previous close, and"
            " has risen {tick_move} in this tick.",
        ),
        (
            "Halted {company} marked up to {price}",
            "No shares change hands; the price is {move} above the previous close after a"
            " rise of {tick_move} in the tick.",
        ),
        (
            "{company_s} indicated price climbs to {price}",
            "Trading waits. The price rose {tick_move} in this tick and is {move} above the"
            " previous close.",
        ),
    ),
    "INDICATED_DOWN": (
        (
            "{company} indicated down at {price} during halt",
            "The price of the halted shares has fallen {tick_move} in this tick; against the"
            " previous close it is {signed_move}.",
        ),
        (
            "Halted {company} marked down to {price}",
            "No shares change hands; the price fell {tick_move} in the tick, and is"
            " {signed_move} against the previous close.",
        ),
        (
            "{company_s} indicated price sinks to {price}",
            "Trading waits. The price fell {tick_move} in this tick; the day's change is"
            " {signed_move}.",
        ),
    ),
    "RALLY_DAY": (
        (
            "{company} rallies {move} on the day",
            "At {price} the shares stand {sigmas} times their usual daily move above the"
            " previous close.",
        ),
        (
            "{company_s} rally reaches {move}",
            "The shares trade at {price} after closing at {close}.",
        ),
        (
            "{company} extends gains to {move}",
            "Buyers have taken {symbol} from {close} to {price} today.",
        ),
    ),
    "SLIDE_DAY": (
        (
            "{company} slides {move} on the day",
            "At {price} the shares stand {sigmas} times their usual daily move below the"
            " previous close.",
        ),
        (
            "{company_s} losses reach {move}",
            "The shares trade at {price} after closing at {close}.",
        ),
        (
            "{company} extends losses to {move}",
            "Sellers have taken {symbol} from {close} to {price} today.",
        ),
    ),
    "VOLATILE": (
        (
            "Wild trading in {company}",
            "Recent moves of {symbol} are {multiple} times their usual size. The price is {price}.",
        ),
        (
            "{company} swings hard",
            "The shares, at {price}, move {multiple} times as much a tick as they usually do.",
        ),
        (
            "Volatility flares in {company}",
            "Swings have grown to {multiple} times the usual, with the price at {price}.",
        ),
    ),
    "GAP_UP": (
        (
            "{company} opens {move} higher",
            "The shares begin the day at {price}, after closing at {close}.",
        ),
        (
            "Overnight gains for {company}: {move}",
            "From a close of {close}, {symbol} opens at {price}.",
        ),
        (
            "{company} gaps up to {price}",
            "The opening is {a_move} gain on the close of {close}.",
        ),
    ),
    "GAP_DOWN": (
        (
            "{company} opens {move} lower",
            "The shares begin the day at {price}, after closing at {close}.",
        ),
        (
            "Overnight losses for {company}: {move}",
            "From a close of {close}, {symbol} opens at {price}.",
        ),
        (
            "{company} gaps down to {price}",
            "The opening is {a_move} loss on the close of {close}.",
        ),
    ),
    "BREAKOUT": (
        (
            "{company} breaks out above {level}",
            "At {price} the shares have left the range of the last {days} behind.",
        ),
        (
            "Breakout: {company} tops its {span} range",
            "{symbol} trades at {price}, above the old high of {level}.",
        ),
    ),
    "BREAKDOWN": (
        (
            "{company} breaks below {level}",
            "At {price} the shares have left the range of the last {days} behind.",
        ),
        (
            "{company} falls out of its {span} range",
            "{symbol} trades at {price}, below the old low of {level}.",
        ),
    ),
    "NEW_HIGH": (
        (
            "{company} hits record high of {price}",
            "The shares have never stood higher; the old record was {level}.",
        ),
        (
            "Record for {company}: {price}",
            "{symbol} has gone beyond its old high of {level}.",
        ),
    ),
    "NEW_LOW": (
        (
            "{company} sinks to record low of {price}",
            "The shares have never stood lower; the old low was {level}.",
        ),
        (
            "{company} at its lowest ever: {price}",
            "{symbol} has gone below its old low of {level}.",
        ),
    ),
    "UNUSUAL_VOLUME": (
        (
            "Unusual volume in {company}",
            "{shares} changed hands in one tick, {multiple} times the usual. The price is {price}.",
        ),
        (
            "{company} sees burst of trading",
            "Volume ran to {shares} within a tick, {multiple} times what is usual, at about"
            " {price}.",
        ),
        (
            "Heavy turnover in {company}",
            "Traders exchanged {shares} in a single tick: {multiple} times the usual.",
        ),
    ),
    "SECTOR_UP": (
        (
            "{sector_title} stocks gain {move} on average",
            "{risers} of the sector's {companies} are up today, {leader} the most, by"
            " {leader_move}.",
        ),
        (
            "{sector_title} sector leads with {move}",
            "On average its {companies} have gained that much since yesterday; {leader} is at"
            " {leader_move}.",
        ),
    ),
    "SECTOR_DOWN": (
        (
            "{sector_title} stocks lose {move} on average",
            "{fallers} of the sector's {companies} are down today, {leader} the most, by"
            " {leader_move}.",
        ),
        (
            "{sector_title} sector lags with a loss of {move}",
            "On average its {companies} have lost that much since yesterday; {leader} is at"
            " {leader_move}.",
        ),
    ),
    "OPEN_UP": (
        (
            "Stocks open higher: index {index}",
            "The index begins the day {move} above its close. Gains: {risers}, losses: {fallers}.",
        ),
        (
            "Opening bell: index up {move}",
            "The day begins with the index at {index}; {risers} rise, {fallers} fall.",
        ),
    ),
    "OPEN_DOWN": (
        (
            "Stocks open lower: index {index}",
            "The index begins the day {move} below its close. Gains: {risers}, losses: {fallers}.",
        ),
        (
            "Opening bell: index down {move}",
            "The day begins with the index at {index}; {risers} rise, {fallers} fall.",
        ),
    ),
    "OPEN_FLAT": (
        (
            "Stocks open little changed: index {index}",
            "The index begins the day at {signed_move} against its close. Gains: {risers},"
            " losses: {fallers}.",
        ),
        (
            "Opening bell: quiet start, index {index}",
            "The day begins {signed_move} from the close; {risers} rise, {fallers} fall.",
        ),
    ),
    "CLOSE_UP": (
        (
            "Closing bell: index up {move} to {index}",
            "{risers} of the listed companies rose and {fallers} fell. Turnover was {turnover}.",
        ),
        (
            "Stocks end {move} higher at {index}",
            "The day's turnover came to {turnover}; {risers} rose, {fallers} fell.",
        ),
    ),
    "CLOSE_DOWN": (
        (
            "Closing bell: index down {move} to {index}",
            "{risers} of the listed companies rose and {fallers} fell. Turnover was {turnover}.",
        ),
        (
            "Stocks end {move} lower at {index}",
            "The day's turnover came to {turnover}; {risers} rose, {fallers} fell.",
        ),
    ),
    "CLOSE_FLAT": (
        (
            "Closing bell: index barely moved at {index}",
            "The day's change was {signed_move}; {risers} rose, {fallers} fell. Turnover was"
            " {turnover}.",
        ),
        (
            "Stocks end flat at {index}",
            "The index closes {signed_move} from the day before; {risers} rose, {fallers} fell.",
        ),
    ),
    "OPENING_MOVES": (
        (
            "The opening's largest moves: {leader} first",
            "Against the previous close: {moves}.",
        ),
        (
            "Overnight moves put {leader} on top",
            "The largest changes at the open, against the previous close: {moves}.",
        ),
    ),
    "MOVERS": (
        (
            "The day's largest moves: {leader} first",
            "Against the previous close: {moves}.",
        ),
        (
            "Movers of the day, {leader} ahead",
            "The largest changes since the previous close: {moves}.",
        ),
    ),
    "HALT_BANDS": (
        (
            "Trading in {company} paused at its price band",
            "Orders in {symbol} pressed against the limit of its band. The price is {price}; an"
            " auction resumes trading at {until}.",
        ),
        (
            "{company} halted after hitting price band",
            "The pause ends with an auction at {until}. The price is {price}.",
        ),
    ),
    "HALT_NEWS": (
        (
            "Trading in {company} halted, news pending",
            "{symbol}, at {price}, trades again by an auction at {until}.",
        ),
        (
            "{company} halted for news",
            "An auction at {until} is to resume trading. The price is {price}.",
        ),
    ),
    "HALT_OPERATOR": (
        (
            "Exchange halts trading in {company}",
            "{symbol} stands at {price}. {resumption}",
        ),
        (
            "{company} suspended from trading by the exchange",
            "The price is {price}. {resumption}",
        ),
    ),
    "HALT_MANY": (
        (
            "Trading halted in {companies}",
            "The halts concern {names}. The first auction is due at {until}.",
        ),
        (
            "Halts in {companies} at once",
            "No trading in {names}. Auctions begin at {until}.",
        ),
    ),
    "HALT_MARKET": (
        (
            "Market-wide halt stops all trading",
            "The index is at {index}, {day}. {resumption}",
        ),
        (
            "All trading halted with the index at {index}",
            "It is {day}. {resumption}",
        ),
    ),
    "DAY_ENDED": (
        (
            "Trading day ends early after index slump",
            "The index stands at {index}, {day}. {resumption}",
        ),
        (
            "Exchange closes for the day at {index}",
            "The index is {day}. {resumption}",
        ),
    ),
    "RESUMED": (
        (
            "Trading resumes in {company} at {price}",
            "An auction has reopened {symbol}; the price is {day}.",
        ),
        (
            "{company} trades again",
            "The halt is over. The price stands at {price}, {day}.",
        ),
    ),
    "RESUMED_MANY": (
        (
            "Trading resumes in {companies}",
            "Auctions have reopened {names}.",
        ),
        (
            "Halts end in {companies}",
            "Trading goes on in {names}.",
        ),
    ),
    "SHORTS_RESTRICTED": (
        (
            "Short sales of {company} restricted",
            "With the price at {price}, {day}, nobody may short {symbol} at"
            " or below the bid today and tomorrow.",
        ),
        (
            "Short-sale curb for {company}",
            "The curb holds today and tomorrow. The price is {price}, {day}.",
        ),
    ),
    "SHORTS_RESTRICTED_MANY": (
        (
            "Short-sale curbs for {companies}",
            "Nobody may short {names} at or below the bid today and tomorrow.",
        ),
        (
            "Short sales restricted in {companies}",
            "The curbs hold today and tomorrow for {names}.",
        ),
    ),
    "BANDS_SET": (
        (
            "Exchange sets price bands for {subject}",
            "Trading is limited to {width} either way of the recent price.",
        ),
        (
            "New price bands for {subject}: {width}",
            "The exchange has ordered them; they hold from now on.",
        ),
    ),
    "BANDS_USUAL": (
        (
            "Usual price bands return for {subject}",
            "The bands that the exchange had set are lifted.",
        ),
        (
            "Exchange lifts special bands for {subject}",
            "The usual bands apply again.",
        ),
    ),
    "SPLIT": (
        (
            "{company} splits its stock {into} for {of}",
            "There are now {shares} of {symbol}, at {price}.",
        ),
        (
            "Stock split at {company}: {into} for {of}",
            "Holders have {into} for every {of}. The price is {price}, with {shares} issued.",
        ),
    ),
}

ECONOMY: dict[str, Templates] = {
    "INFLATION_UP": (
        (
            "Inflation quickens to {inflation}",
            "The rate was {before} when last reported. Growth is at {growth}, the Fed's rate at"
            " {interest}.",
        ),
        (
            "Prices rise faster: inflation {inflation}",
            "That is up from {before}. The economy grows by {growth} a year.",
        ),
    ),
    "INFLATION_DOWN": (
        (
            "Inflation cools to {inflation}",
            "The rate was {before} when last reported. Growth is at {growth}, the Fed's rate at"
            " {interest}.",
        ),
        (
            "Price pressure eases: inflation {inflation}",
            "That is down from {before}. The economy grows by {growth} a year.",
        ),
    ),
    "GROWTH_UP": (
        (
            "Economy gathers pace, growth {growth}",
            "Growth was {before} when last reported. Inflation is at {inflation}, the Fed's rate"
            " at {interest}.",
        ),
        (
            "Growth picks up to {growth}",
            "That is up from {before}, with inflation at {inflation}.",
        ),
    ),
    "GROWTH_DOWN": (
        (
            "Economy loses pace, growth {growth}",
            "Growth was {before} when last reported. Inflation is at {inflation}, the Fed's rate"
            " at {interest}.",
        ),
        (
            "Growth slows to {growth}",
            "That is down from {before}, with inflation at {inflation}.",
        ),
    ),
    "FED_AHEAD": (
        (
            "Fed meets today with rates at {interest}",
            "The decision is due at {due}. Inflation is at {inflation}, growth at {growth}.",
        ),
        (
            "All eyes on the Fed at {due}",
            "The rate stands at {interest}, inflation at {inflation}.",
        ),
    ),
    "REGIME_BULL": (
        (
            "Bulls take charge of the market",
            "Strategists see a rising market ahead. The index is at {index}.",
        ),
        (
            "Optimism returns to the market",
            "Strategists call it a bull market, with the index at {index}.",
        ),
    ),
    "REGIME_BEAR": (
        (
            "Bears take charge of the market",
            "Strategists see a falling market ahead. The index is at {index}.",
        ),
        (
            "Gloom settles on the market",
            "Strategists call it a bear market, with the index at {index}.",
        ),
    ),
    "REGIME_BUBBLE": (
        (
            "Talk of a bubble grows louder",
            "Strategists warn that prices run ahead of themselves. The index is at {index}.",
        ),
        (
            "Euphoria grips the market",
            "Strategists speak of a bubble, with the index at {index}.",
        ),
    ),
    "REGIME_CRASH": (
        (
            "Fear takes hold of the market",
            "Strategists expect heavy selling. The index is at {index}.",
        ),
        (
            "Panic spreads among investors",
            "Strategists see a market in free fall, with the index at {index}.",
        ),
    ),
    "REGIME_NORMAL": (
        (
            "Calm returns to the market",
            "Strategists expect ordinary days. The index is at {index}.",
        ),
        (
            "Market finds its balance",
            "Strategists see neither bulls nor bears in charge, with the index at {index}.",
        ),
    ),
}

AGENTS: dict[str, Templates] = {
    "BLOCK_TRADE": (
        (
            "Block of {shares} of {company} changes hands",
            "One trade at {price} moved {multiple} times the usual volume of a tick, worth"
            " {value}.",
        ),
        (
            "Large trade in {company}: {value}",
            "A single order exchanged {shares} at {price}.",
        ),
    ),
    "ALLIANCE": (
        (
            "{agent} and {partner} join forces",
            "The two pool {share} of their profits from now on.",
        ),
        (
            "New alliance: {agent} and {partner}",
            "The partners have agreed to pool {share} of what they earn.",
        ),
    ),
    "ALLIANCE_LOOSE": (
        (
            "{agent} and {partner} become allies",
            "They share no profits; each keeps what it earns.",
        ),
        (
            "{agent} allies with {partner}",
            "The alliance pools nothing of what the two earn.",
        ),
    ),
    "ALLIANCE_ENDS": (
        (
            "{agent} and {partner} part ways",
            "Their alliance is over.",
        ),
        (
            "Alliance of {agent} and {partner} ends",
            "The two no longer share profits.",
        ),
    ),
    "BETRAYAL": (
        (
            "{betrayer} betrays {betrayed}",
            "{betrayer} has left their alliance at once, without paying its share.",
        ),
        (
            "{betrayer} walks out on {betrayed}",
            "The alliance ended on the spot, and the day's profits stay unshared.",
        ),
    ),
    "BRIBE_DETECTED": (
        (
            "{agent} caught offering a bribe",
            "{amount} meant for {target} has been forfeited to the treasury.",
        ),
        (
            "Bribe of {amount} by {agent} uncovered",
            "It was meant for {target}, an SEC investigator.",
        ),
    ),
    "BRIBE_REPORTED": (
        (
            "{target} reports bribe offered by {agent}",
            "The investigator was offered {amount} and gave it back.",
        ),
        (
            "{agent} reported over bribe of {amount}",
            "{target}, whom it was offered to, has gone to the SEC with it.",
        ),
    ),
    "BANKRUPTCY": (
        (
            "{agent} goes bankrupt",
            "{a_role} has lost everything: {loss} is owed and written off, after a peak of {peak}.",
        ),
        (
            "Bankruptcy: {agent} is wiped out",
            "Once worth {peak}, the {role} ends owing {loss}.",
        ),
    ),
    "INVESTIGATION": (
        (
            "SEC names {agent} in {crime} probe",
            "The investigation is public from today, and a trial begins.{about}",
        ),
        (
            "Probe into {crime} leads to {agent}",
            "What the SEC looked into behind closed doors goes to trial.{about}",
        ),
    ),
    "CHARGE": (
        (
            "SEC charges {agent} with {crime}",
            "The trial begins; until it is decided the accused counts as innocent.{about}",
        ),
        (
            "{agent} faces {crime} charges",
            "The SEC has brought its case to trial.{about}",
        ),
    ),
    "CONVICTED": (
        (
            "{agent} convicted of {crime}",
            "The fine is {fine}; {sentence}.{about}",
        ),
        (
            "Guilty: {agent} sentenced for {crime}",
            "The court has set a fine of {fine}; {sentence}.{about}",
        ),
    ),
    "ACQUITTED": (
        (
            "{agent} cleared of {crime}",
            "The evidence did not hold at the trial.{about}",
        ),
        (
            "Not guilty: {agent} acquitted of {crime}",
            "The SEC has lost its case.{about}",
        ),
    ),
    "SETTLED": (
        (
            "{agent} settles {crime} case for {fine}",
            "The sum is paid, and there will be no prison.{about}",
        ),
        (
            "SEC and {agent} settle over {crime}",
            "{fine} ends the case.{about}",
        ),
    ),
    "DISMISSED": (
        (
            "Case against {agent} dismissed",
            "The charge of {crime} is dropped.{about}",
        ),
        (
            "SEC drops {crime} case against {agent}",
            "There will be no verdict.{about}",
        ),
    ),
    "APPEALED": (
        (
            "{agent} appeals {crime} verdict",
            "The evidence is to be looked at again.{about}",
        ),
        (
            "Appeal filed by {agent}",
            "The conviction for {crime} goes to a second look.{about}",
        ),
    ),
    "OVERTURNED": (
        (
            "Verdict against {agent} overturned",
            "The conviction for {crime} did not stand on appeal, and all is given back.{about}",
        ),
        (
            "{agent} wins appeal over {crime}",
            "The verdict is void.{about}",
        ),
    ),
    "ESCAPED": (
        (
            "{agent} escapes the SEC",
            "The fugitive leaves {forfeited} to the treasury.",
        ),
        (
            "{agent} flees the country",
            "{forfeited} has been forfeited to the treasury.",
        ),
    ),
    "CAUGHT": (
        (
            "{agent} caught fleeing",
            "The attempt ends in prison.",
        ),
        (
            "Escape fails for {agent}",
            "Officers made the arrest on the way out.",
        ),
    ),
    "IMPRISONED": (
        (
            "{agent} goes to prison",
            "All open orders are cancelled. {release}",
        ),
        (
            "Prison doors close behind {agent}",
            "The {role} trades no more for now. {release}",
        ),
    ),
    "SUSPENDED": (
        (
            "{agent} suspended from trading",
            "The {role} may only close positions. {release}",
        ),
        (
            "Trading ban for {agent}",
            "All open orders are cancelled. {release}",
        ),
    ),
    "RELEASED": (
        (
            "{agent} released from prison",
            "The {role} may trade again.",
        ),
        (
            "{agent} walks free",
            "The sentence is served.",
        ),
    ),
}

RUMORS: dict[str, Templates] = {
    "RUMOR_GOOD": (
        (
            "Unverified: upbeat talk about {company}",
            "A rumor in the market speaks well of {symbol}. Nobody has confirmed it; the price"
            " stands at {price}.",
        ),
        (
            "Unverified rumor favors {company}",
            "The source is unknown, and {company} has not commented. The price is {price}.",
        ),
        (
            "Market talk, unverified, lifts spirits at {company}",
            "There is no confirmation of what is being said about {symbol}, at {price}.",
        ),
    ),
    "RUMOR_BAD": (
        (
            "Unverified: troubling talk about {company}",
            "A rumor in the market speaks ill of {symbol}. Nobody has confirmed it; the price"
            " stands at {price}.",
        ),
        (
            "Unverified rumor clouds {company}",
            "The source is unknown, and {company} has not commented. The price is {price}.",
        ),
        (
            "Market talk, unverified, worries holders of {company}",
            "There is no confirmation of what is being said about {symbol}, at {price}.",
        ),
    ),
    "RUMOR_NEUTRAL": (
        (
            "Unverified talk about {company}",
            "A rumor about {symbol} is going around. Nobody has confirmed it; the price stands"
            " at {price}.",
        ),
        (
            "Unverified: {company} is being talked about",
            "The source is unknown. The price is {price}.",
        ),
    ),
    "RUMOR_TRUE": (
        (
            "Rumor about {company} confirmed",
            "What was whispered at {spread} has come true. The price is {price}.",
        ),
        (
            "{company}: the talk was right",
            "Events bear out the rumor spread at {spread}. The price stands at {price}.",
        ),
    ),
    "RUMOR_FALSE": (
        (
            "{company} denies rumor",
            "Nothing has come of the talk spread at {spread}. The price is {price}.",
        ),
        (
            "No truth in rumor about {company}",
            "What was said at {spread} has not come to pass, the company states. The price"
            " stands at {price}.",
        ),
    ),
}

ALL: dict[str, Templates] = {**EVENTS, **PRICES, **ECONOMY, **AGENTS, **RUMORS}
