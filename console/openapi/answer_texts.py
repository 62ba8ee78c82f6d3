"""The texts of the API's description about what is answered."""

LISTING = "A page of a list. Where `total_exact` is false, `total` and `pages` are lower bounds."
SUMMARIES = {  # where one function answers under several addresses
    "getHealthReady": "Whether requests may be sent here",
    "getHealthServices": "The check of each part",
}
ANSWERS = {
    "listSims": "A page of SIMs.",
    "watchSim": "It is watched, or asked for.",
    "changeSim": "The SIM with its changes.",
    "unwatchSim": "It is not watched.",
    **dict.fromkeys(("syncSim", "syncAllSims"), "1NCE is asked: what has changed comes on the stream."),
    **dict.fromkeys(
        "topUpSim sendSms cancelSms resetSim enableSim lockSim labelSim replaceSim".split(), "The action, on its way."
    ),
    "listActions": "A page of actions.",
    "settleAction": "The action, ended.",
    "endUnpaidAction": "The action as it is until 1NCE has answered.",
    "listOrders": "A page of orders.",
    "listTickets": "A page of tickets.",
    "openTicket": "The action.",
    "listBudgets": "The budgets, and what of them is used.",
    "listAutoTopUps": "The rules.",
    **dict.fromkeys(("addAutoTopUp", "putAutoTopUp"), "The rule as it is now."),
    "removeAutoTopUp": "It is removed.",
    "putBudgets": "The budgets as they are now.",
    "listProducts": "The price list, and what a top-up costs.",
    "getAction": "The action.",
    "cancelAction": "The action, cancelled.",
    "getSimUsage": "The SIM's usage.",
    "getUsage": "The fleet's usage.",
    "getSimQuotas": "The SIM's quotas.",
    "listQuotas": "A page of quotas.",
    "getPolling": "The shares now.",
    "getStreamer": "The Data Streamer now.",
    "listDifferences": "A page of SIMs that differ.",
    "listQuotaForecasts": "A page of forecasts.",
    **dict.fromkeys(("getHandoverSettings", "putHandoverSettings"), "When shifts end, and who gets the handover."),
    **dict.fromkeys(("getOutgoingHeartbeat", "putOutgoingHeartbeat"), "Where it is posted, and how that went."),
    "removeOutgoingHeartbeat": "None is posted.",
    "sendHandover": "The deliveries, on their way.",
    "getHandover": "What is open, what was resolved, what ends or opens soon, and what was spent.",
    **dict.fromkeys(("getSimConnectivity", "listConnectivity"), "A page of status changes."),
    **dict.fromkeys(("getSimEvents", "listEvents"), "A page of events."),
    "getSimSms": "A page of messages.",
    **dict.fromkeys(("getApiKeyPolicy", "putApiKeyPolicy"), "What is demanded now."),
    "listFlags": "The flags.",
    **dict.fromkeys(
        "getOnCall putOnCallRota putAlertPriorities putOnCallOverride".split(), "Who is on call now, and who will be."
    ),
    "removeOnCallOverride": "The usual person is on call.",
    "putFlag": "The flag as it is now.",
    "getCarrier": "The carrier's status.",
    "listJobs": "The jobs and the latest runs.",
    "runJob": "The run is asked for.",
    **dict.fromkeys(
        "getHealth getHealthReady getHealthServices".split(),
        "`ok`, or `degraded`: a part that is not required has failed.",
    ),
}
