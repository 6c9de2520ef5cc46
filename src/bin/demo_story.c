/* The texts of the demo. Long because it is a story; every line is data. */
#include "bin/demo_story.h"
#include <stddef.h>

#define AT(h, m) ((h) * 60 + (m))

const struct demo_person demo_people[] = {
	{ "peter", "Peter Højlund", "admin" },
	{ "mette", "Mette Dahl", "technician" },
	{ "jonas", "Jonas Kjær", "technician" },
	{ "ayse", "Ayse Yildiz", "technician" },
	{ "lone", "Lone Brandt", "bookkeeper" },
	{ 0 }
};

const struct demo_customer demo_customers[] = {
	{ "Advokathuset Sønderskov", "12003102", "soenderskov.example", "Skovgade 14", "6000", "Kolding", "da", 12, 5,
		"operations backup patching antivirus m365 m365-safe remote-control",
		{ { "Birgitte Sønderskov", "birgitte", "owner" }, { "Karen Holm", "karen", "employee" }, { "Sofie Lund", "sofie", "employee" } } },
	{ "Hvidbjerg Kølefragt", "12044410", "hvidbjerg.example", "Terminalvej 3", "7100", "Vejle", "da", 28, 10,
		"operations network backup mailhost telephony antivirus patching",
		{ { "Steen Hvidbjerg", "steen", "owner" }, { "Dorte Krogh", "dorte", "approver" }, { "Allan Bech", "allan", "employee" } } },
	{ "Brdr. Mølgaard Tømrer", "12085729", "molgaard.example", "Savværksvej 21", "6040", "Egtved", "da", 18, 2, "network telephony antivirus",
		{ { "Kim Mølgaard", "kim", "owner" }, { "Tina Mølgaard", "tina", "employee" } } },
	{ "Rosengårdens Dyreklinik", "12127030", "rosengaarden.example", "Rosenvænget 8", "6000", "Kolding", "da", 9, 5,
		"operations backup network antivirus remote-support",
		{ { "Hanne Friis", "hanne", "owner" }, { "Maja Toft", "maja", "employee" } } },
	{ "Kolding Bugt Tandlægehus", "12168349", "kbtand.example", "Havnegade 40", "6000", "Kolding", "da", 10, 5,
		"operations backup patching antivirus m365 m365-backup",
		{ { "Nikolaj Berg", "nikolaj", "owner" }, { "Susanne Vind", "susanne", "approver" }, { "Line Agger", "line", "employee" } } },
	{ "Skovby Friskole", "12209657", "skovbyfriskole.example", "Skolevej 2", "6580", "Vamdrup", "da", 35, 10,
		"operations patching antivirus network m365 remote-support",
		{ { "Ellen Rask", "ellen", "owner" }, { "Jesper Thy", "jesper", "approver" }, { "Camilla Steffensen", "camilla", "employee" } } },
	{ "Bageriet Egely", "12250967", "egely.example", "Egelyvej 5", "6064", "Jordrup", "da", 24, 2, "antivirus hosting",
		{ { "Bo Egelund", "bo", "owner" }, { "Rikke Egelund", "rikke", "employee" } } },
	{ "Lunde & Krag Arkitekter", "12292279", "lundekrag.example", "Låsbygade 71", "6000", "Kolding", "da", 8, 5,
		"webwork webadmin hosting mailhost signature backup",
		{ { "Anna Lunde", "anna", "owner" }, { "Viktor Krag", "viktor", "approver" }, { "Ida Munk", "ida", "employee" } } },
	{ "Fjordens Revision", "12333587", "fjordensrevision.example", "Kystvej 11", "7000", "Fredericia", "da", 26, 5,
		"operations backup m365 m365-safe m365-backup antivirus patching",
		{ { "Gitte Sand", "gitte", "owner" }, { "Morten Juhl", "morten", "employee" } } },
	{ "Grejsdal Maskinfabrik", "12374895", "grejsdal.example", "Grejsdalsvej 390", "7100", "Vejle", "da", 31, 10,
		"operations network backup antivirus patching remote-control telephony",
		{ { "Henrik Skytte", "henrik", "owner" }, { "Pia Norup", "pia", "approver" }, { "Omar Haddad", "omar", "employee" } } },
	{ "Northbay Marine Survey", "12416202", "northbay.example", "Jernbanegade 12", "7000", "Fredericia", "en", 26, 5,
		"m365 backup antivirus remote-support",
		{ { "Fiona Grant", "fiona", "owner" }, { "Marek Nowak", "marek", "employee" } } },
	{ "Blomsterhuset Viola", "12457510", "viola.example", "Torvet 6", "6000", "Kolding", "da", 7, 0, "webwork hosting",
		{ { "Viola Damgaard", "viola", "owner" } } },
	{ 0 }
};

const struct demo_ticket demo_tickets[] = {
	/* still going on; of these, answered too late: the offer; close to their times: the x-rays, the wireless network, the new pupil */
	{ 0, 1, "Min bærbare siger, at der ikke er taget backup",
		"Godmorgen\n\nMin bærbare siger, at der ikke er taget backup siden fredag. Jeg har arbejdet hjemme siden torsdag, kan det have noget med det at gøre? "
		"Jeg skal være i retten kl. 13, så det må gerne være inden.\n\nVenlig hilsen\nKaren Holm", "incident", "important", "mail", 0, AT(8, 2), {
		{ 0, AT(8, 9), "mette", "take" },
		{ 0, AT(8, 14), "mette", "say", "Godmorgen Karen\n\nNej, det er ikke hjemmearbejdet. En tjeneste i Windows er gået i stå efter fredagens opdatering, og uden den kan "
			"backuppen ikke starte. Dine filer er sikre frem til fredag kl. 16.40. Må jeg koble mig på og rette det? Du kan arbejde imens." },
		{ 0, AT(8, 16), "c", "say", "Ja, bare gør det. Tak for hurtigt svar!" },
		{ 0, AT(8, 21), "mette", "note", "VSS genstartet og sat til forsinket start. Samme fejl på to andre af samme model. Backup kører nu." } } },
	{ 3, 1, "Røntgen kan ikke sende billeder", "Røntgenapparatet skriver, at det ikke kan finde serveren. Vi har to dyr i narkose, så det haster meget.", "incident", "urgent", "portal",
		DEMO_BACK, 46, { { 0 } } },
	{ 1, 2, "Mails til og fra os er forsinkede", "Flere kunder ringer og siger, at deres ordrer ikke er set. Mails kommer et kvarter for sent.", "incident", "urgent", "mail", 1, AT(13, 5), {
		{ 1, AT(13, 20), "jonas", "take" },
		{ 1, AT(13, 24), "jonas", "say", "Jeg kan se, at der er kø på den ene af vores to mailservere. Jeg er i gang med at flytte jeres post over på den anden." },
		{ 1, AT(14, 2), "jonas", "time", "Fejlsøgt mailkø", "remote", 40, 0 },
		{ 1, AT(14, 10), "jonas", "note", "Køen vokser igen. Har skrevet til leverandøren af linjen, de måler." },
		{ 1, AT(14, 12), "jonas", "third" } } },
	{ 2, 0, "Trådløst net falder ud i værkstedet", "Når saven kører, ryger nettet på tablets i værkstedet. Det er blevet værre i denne uge.", "incident", "important", "portal", DEMO_BACK, 830, {
		{ DEMO_BACK, 790, "mette", "take" },
		{ DEMO_BACK, 787, "mette", "say", "Hej Kim. Det lyder, som om det ene trådløse punkt sidder for tæt på saven. Jeg kommer forbi og flytter det." } } },
	{ 5, 2, "Ny elev skal have adgang", "Vi får en ny elev i 7. klasse om en uge. Han hedder Noah Winther.", "request", "normal", "portal", DEMO_BACK, 1900, {
		{ DEMO_BACK, 1868, "ayse", "take" }, { DEMO_BACK, 1865, "ayse", "say", "Tak, Camilla. Noah er klar, når han begynder. Koden kommer til dig på sms." } } },
	{ 7, 0, "Tilbud på bookingmodul til hjemmesiden", "Vi vil gerne have et lille bookingmodul, så kunder selv kan vælge et første møde. Hvad koster det?", "order", "normal", "mail", DEMO_BACK, 700, { { 0 } } },
	{ 0, 2, "Printeren i receptionen trækker to ark", "Den trækker to ark ad gangen fra bakke 2.", "incident", "normal", "portal", 0, AT(7, 55), {
		{ 0, AT(8, 25), "jonas", "take", "Hej Sofie. Prøv at lufte bunken i bakke 2. Hjælper det ikke, kommer jeg forbi med en ny rulle." } } },
	{ 4, 1, "Ny medarbejder starter den 1.", "Ny klinikassistent, Emil Bach. Han skal have mail, adgang til journalen og en telefon.", "request", "normal", "mail", DEMO_BACK, 30, { { 0 } } },
	{ 9, 2, "CNC-maskinens pc vil ikke starte", "Pc'en ved fræseren står på en sort skærm med en blinkende streg. Produktionen står stille.", "incident", "urgent", "phone", 3, AT(7, 15), {
		{ 3, AT(7, 20), "jonas", "take" },
		{ 3, AT(7, 22), "jonas", "say", "Jeg kører med det samme og har en ny disk med." },
		{ 3, AT(11, 30), "jonas", "time", "Skiftet disk og lagt sidste backup tilbage", "visit", 195, 31 },
		{ 3, AT(11, 40), "jonas", "say", "Maskinen kører igen. Disken var slidt op. Vi lagde backuppen fra i nat tilbage, så der mangler intet." },
		{ 3, AT(11, 41), "jonas", "solve" } } },
	{ 8, 1, "Kan ikke åbne årsregnskab fra kunde", "Filen er låst, siger den. Det er et regneark fra en kunde.", "incident", "normal", "mail", 2, AT(14, 44), {
		{ 2, AT(15, 30), "ayse", "take" },
		{ 2, AT(15, 41), "ayse", "say", "Filen er åben hos Gitte på hendes bærbare. Når hun lukker den, kan du komme til. Sig til, hvis det ikke hjælper." },
		{ 2, AT(15, 42), "ayse", "time", "Fundet låst fil", "phone", 10, 0 },
		{ 2, AT(15, 43), "ayse", "wait" } } },
	{ 10, 1, "Cannot share folder with client", "I need to share a survey folder with a client outside the company, but the button is greyed out.", "request", "normal", "mail", 1, AT(9, 10), {
		{ 1, AT(9, 55), "mette", "take" },
		{ 1, AT(10, 2), "mette", "say", "Sharing outside the company is switched off by your own rule from March. Fiona can allow it for this client. I have asked her." },
		{ 1, AT(10, 3), "mette", "wait" } } },
	{ 6, 0, "Kassen har mistet forbindelsen", "Kasse 2 kan ikke tage kort. Vi har kø ud ad døren.", "incident", "urgent", "phone", 4, AT(7, 5), {
		{ 4, AT(7, 8), "ayse", "take" },
		{ 4, AT(7, 35), "ayse", "time", "Genstartet netværk og fundet løst stik", "phone", 25, 0 },
		{ 4, AT(7, 36), "ayse", "say", "Et netværksstik sad løst bag kølemontren. Det kører igen. Jeg har skrevet ned, at stikket bør sættes op på væggen." },
		{ 4, AT(7, 37), "ayse", "solve" } } },
	{ 11, 0, "Skift åbningstider på forsiden", "I december har vi åbent til kl. 20 om torsdagen. Vil I rette det på hjemmesiden?", "order", "normal", "mail", 3, AT(12, 0), {
		{ 3, AT(13, 10), "ayse", "take" },
		{ 3, AT(13, 30), "ayse", "time", "Rettet åbningstider", "web", 15, 0 },
		{ 3, AT(13, 31), "ayse", "say", "Det er rettet. Se selv efter på forsiden." },
		{ 3, AT(13, 32), "ayse", "solve" } } },
	/* earlier in the month, done */
	{ 0, 0, "Oprydning i gamle brugere", "Kan I lukke dem, der er stoppet i år? Listen er vedlagt i næste mail.", "request", "normal", "portal", 6, AT(10, 15), {
		{ 6, AT(11, 0), "mette", "take" },
		{ 5, AT(9, 30), "mette", "time", "Lukket fire brugere og flyttet post", "remote", 50, 0 },
		{ 5, AT(9, 31), "mette", "say", "De fire er lukket, og deres post ligger hos dig i 30 dage." },
		{ 5, AT(9, 32), "mette", "solve" } } },
	{ 0, 1, "Kursus i deling af sager", "Kan vi få en halv time om, hvordan man deler en sagsmappe sikkert?", "request", "normal", "portal", 12, AT(9, 0), {
		{ 12, AT(9, 40), "mette", "take", "Gerne. Jeg kommer fredag kl. 13, så tager vi den i mødelokalet." },
		{ 10, AT(14, 0), "mette", "time", "Undervisning for tre medarbejdere", "teach", 60, 0 },
		{ 10, AT(14, 5), "mette", "solve" } } },
	{ 0, 2, "Scanner sender til forkert mappe", "Alt havner i Karens mappe.", "incident", "normal", "portal", 15, AT(13, 0), {
		{ 15, AT(13, 25), "jonas", "take" }, { 15, AT(13, 45), "jonas", "time", "Rettet mappe på scanneren", "remote", 20, 0 },
		{ 15, AT(13, 46), "jonas", "say", "Så er den rettet. Prøv gerne én." }, { 15, AT(14, 0), "c", "say", "Virker, tak." }, { 15, AT(14, 1), "jonas", "solve" } } },
	{ 1, 0, "To nye håndholdte til lageret", "Vi skal bruge to mere af samme slags som sidst.", "order", "normal", "mail", 9, AT(8, 0), {
		{ 9, AT(9, 5), "jonas", "take" }, { 9, AT(9, 6), "jonas", "say", "De er bestilt og kommer torsdag. Jeg sætter dem op, når jeg er hos jer." },
		{ 6, AT(10, 0), "jonas", "time", "Opsat to håndholdte", "visit", 90, 28 }, { 6, AT(11, 40), "jonas", "solve" } } },
	{ 1, 1, "VPN hjemmefra virker ikke", "Den spørger om kode igen og igen.", "incident", "important", "portal", 11, AT(7, 50), {
		{ 11, AT(8, 5), "ayse", "take" }, { 11, AT(8, 30), "ayse", "time", "Fornyet certifikat til VPN", "remote", 45, 0 },
		{ 11, AT(8, 32), "ayse", "say", "Certifikatet var udløbet. Det er fornyet, og vi har sat et varsel på, så det ikke sker igen." }, { 11, AT(8, 33), "ayse", "solve" } } },
	{ 1, 2, "Temperaturlog mangler for vogn 14", "Der er hul fra i går kl. 14 til i morges.", "incident", "important", "portal", 14, AT(6, 55), {
		{ 14, AT(8, 10), "jonas", "take" }, { 14, AT(9, 50), "jonas", "time", "Hentet log ud af enheden og lagt den ind", "remote", 85, 0 },
		{ 14, AT(9, 55), "jonas", "say", "Loggen er hentet ud af enheden selv og lagt ind, så der er ingen huller." }, { 14, AT(9, 56), "jonas", "solve" } } },
	{ 2, 1, "Ny bærbar til kontoret", "Tinas er for langsom. Find en, der kan køre tegneprogrammet.", "order", "normal", "portal", 13, AT(11, 0), {
		{ 13, AT(12, 0), "mette", "take", "Hej Tina. Jeg har fundet en, der kan trække tegneprogrammet, og kommer med den i næste uge." }, { 8, AT(9, 0), "mette", "time", "Opsat og afleveret bærbar", "visit", 75, 18 }, { 8, AT(10, 30), "mette", "solve" } } },
	{ 3, 0, "Backup af journalserver", "Hvornår blev den sidst prøvet?", "request", "normal", "mail", 10, AT(15, 0), {
		{ 10, AT(15, 40), "ayse", "take" }, { 10, AT(15, 55), "ayse", "say", "Den 26. august lagde vi hele serveren op på en prøvemaskine, og journalen kunne åbnes. Næste prøve er inden udgangen af måneden." },
		{ 10, AT(15, 56), "ayse", "solve" } } },
	{ 4, 2, "Fjernlås glemt telefon", "Lines telefon er væk siden i går aftes.", "incident", "urgent", "phone", 7, AT(8, 1), {
		{ 7, AT(8, 3), "mette", "take" }, { 7, AT(8, 15), "mette", "time", "Slettet telefonen på afstand", "phone", 15, 0 },
		{ 7, AT(8, 16), "mette", "say", "Telefonen er slettet, og adgangen er lukket. Der lå kun mail på den." }, { 7, AT(8, 17), "mette", "solve" } } },
	{ 5, 0, "Kursus i Teams for lærerne", "20 lærere, en time.", "request", "normal", "portal", 16, AT(12, 0), {
		{ 16, AT(12, 30), "ayse", "take", "Det vil jeg gerne holde. Passer onsdag kl. 14.15 på lærerværelset?" }, { 12, AT(14, 15), "ayse", "time", "Kursus for 20 lærere", "teach", 60, 0 },
		{ 12, AT(14, 16), "ayse", "time", "Besøg og opsætning før kursus", "visit", 45, 35 }, { 12, AT(15, 30), "ayse", "solve" } } },
	{ 5, 1, "Elever kan se hinandens filer", "I 5.b kan de åbne hinandens mapper. Det skal lukkes nu.", "incident", "urgent", "portal", 8, AT(9, 20), {
		{ 8, AT(9, 24), "ayse", "take" }, { 8, AT(9, 50), "ayse", "time", "Rettet rettigheder på elevdrev", "remote", 55, 0 },
		{ 8, AT(9, 52), "ayse", "say", "Det er lukket. En gruppe var ved en fejl blevet medlem af sig selv. Vi har gennemgået alle klasser; kun 5.b var ramt." },
		{ 8, AT(9, 53), "ayse", "solve" } } },
	{ 7, 2, "Ret teksten på vores medarbejderside", "Viktor er blevet partner. Teksten er i dokumentet.", "order", "normal", "mail", 9, AT(10, 0), {
		{ 9, AT(11, 10), "ayse", "take" }, { 9, AT(11, 30), "ayse", "time", "Rettet side om medarbejdere", "web", 30, 0 },
		{ 9, AT(11, 31), "ayse", "say", "Siden er rettet. Billedet er det samme som før, sig til, hvis det skal skiftes." }, { 9, AT(11, 32), "ayse", "solve" } } },
	{ 7, 1, "Tegninger åbner langsomt", "Filer på drevet er blevet langsomme siden i mandags.", "incident", "important", "portal", 5, AT(8, 40), {
		{ 5, AT(9, 0), "jonas", "take" }, { 5, AT(10, 10), "jonas", "time", "Fundet fuld disk på filserver og ryddet op", "remote", 70, 0 },
		{ 5, AT(10, 12), "jonas", "say", "Disken var næsten fuld. Jeg har flyttet gamle projekter til arkivet efter jeres liste, så nu er der 400 GB fri." }, { 5, AT(10, 13), "jonas", "solve" } } },
	{ 8, 0, "To trin ved log ind for alle", "Vi vil gerne i gang med to trin for hele huset.", "request", "normal", "mail", 17, AT(9, 0), {
		{ 17, AT(9, 30), "mette", "take", "God beslutning. Jeg foreslår torsdag eftermiddag, så tager vi alle på én gang. Send gerne en liste over telefoner." }, { 14, AT(13, 0), "mette", "time", "Slået to trin til for 14 brugere", "remote", 120, 0 },
		{ 14, AT(15, 5), "mette", "say", "Alle 14 har to trin. De, der ikke har en telefon fra jer, har fået en nøgle." }, { 14, AT(15, 6), "mette", "solve" } } },
	{ 9, 0, "Ugentlig opdatering hænger på tegnestuen", "Tre pc'er har ikke opdateret i to uger.", "incident", "normal", "portal", 10, AT(8, 30), {
		{ 10, AT(9, 15), "jonas", "take", "De tre mangler plads på disken. Jeg rydder op og kører opdateringen i morgen." }, { 9, AT(13, 0), "jonas", "time", "Ryddet plads og kørt opdatering", "remote", 95, 0 }, { 9, AT(14, 40), "jonas", "solve" } } },
	{ 9, 1, "Nyt nummer til lageret", "Lageret skal have sit eget lokalnummer.", "request", "normal", "portal", 18, AT(10, 0), {
		{ 18, AT(10, 20), "ayse", "take" }, { 18, AT(11, 0), "ayse", "time", "Oprettet nummer og ringegruppe", "remote", 30, 0 },
		{ 18, AT(11, 1), "ayse", "say", "Lageret har nu 34. Ringer ingen dér, går kaldet videre til kontoret efter 20 sekunder." }, { 18, AT(11, 2), "ayse", "solve" } } },
	{ 10, 0, "Travel laptop for the survey ship", "We need one more rugged laptop before the 14th.", "order", "normal", "mail", 15, AT(9, 0), {
		{ 15, AT(10, 0), "mette", "take", "We have the same model as last time in stock. It will be ready on Friday." }, { 13, AT(12, 0), "mette", "time", "Set up and handed over a rugged laptop", "task", 90, 0 },
		{ 13, AT(13, 35), "mette", "say", "It is ready at our desk, encrypted and with the charts on it." }, { 13, AT(13, 36), "mette", "solve" } } },
	{ 10, 1, "Mail on the phone asks for a password", "Since this morning.", "incident", "important", "portal", 6, AT(7, 45), {
		{ 6, AT(8, 30), "ayse", "take" }, { 6, AT(8, 50), "ayse", "time", "Signed the phone in again", "phone", 15, 0 },
		{ 6, AT(8, 51), "ayse", "say", "Your password had expired. You have a new one, and the phone is signed in." }, { 6, AT(8, 52), "ayse", "solve" } } },
	{ 4, 0, "Røntgenbilleder fylder disken", "Der står 4 % fri på serveren.", "incident", "important", "portal", 16, AT(8, 0), {
		{ 16, AT(8, 30), "jonas", "take" }, { 16, AT(11, 0), "jonas", "time", "Udvidet disk på server", "remote", 110, 0 }, { 16, AT(11, 1), "jonas", "solve" } } },
	{ 3, 1, "Ny tablet i konsultation 2", "Den gamle er revnet.", "order", "normal", "portal", 19, AT(9, 0), {
		{ 19, AT(10, 0), "mette", "take", "Hej Maja. Jeg har en på lager og kommer med den, når jeg alligevel er hos jer onsdag." }, { 17, AT(13, 0), "mette", "time", "Opsat tablet", "visit", 40, 9 }, { 17, AT(14, 0), "mette", "solve" } } },
	{ 1, 0, "Genskab slettet regneark", "Priser 2026 er blevet slettet i går.", "incident", "important", "mail", 18, AT(7, 30), {
		{ 18, AT(7, 50), "mette", "take" }, { 18, AT(8, 10), "mette", "time", "Hentet fil tilbage fra backup", "remote", 20, 0 },
		{ 18, AT(8, 11), "mette", "say", "Filen er tilbage, som den var i går kl. 16." }, { 18, AT(8, 12), "mette", "solve" } } },
	{ 0, 0, "Gennemgang af backup med partnerne", "Kan I komme forbi og vise, hvad der bliver gemt?", "request", "normal", "portal", 8, AT(14, 0), {
		{ 8, AT(15, 0), "mette", "take", "Det vil vi meget gerne. Kan I tirsdag kl. 10?" }, { 4, AT(10, 0), "mette", "time", "Gennemgang hos kunden", "visit", 60, 12 }, { 4, AT(11, 5), "mette", "solve" } } },
	{ 6, 1, "Opskrifter på to maskiner", "Kan vi have de samme filer i bageriet og butikken?", "request", "normal", "phone", 13, AT(6, 30), {
		{ 13, AT(8, 0), "ayse", "take" }, { 13, AT(9, 30), "ayse", "time", "Delt mappe opsat på begge", "remote", 60, 0 }, { 13, AT(9, 31), "ayse", "solve" } } },
	{ 6, 0, "Ny pc i butikken", "Den gamle larmer og er langsom.", "order", "normal", "phone", 9, AT(12, 0), {
		{ 9, AT(12, 30), "jonas", "take" }, { 5, AT(13, 0), "jonas", "time", "Opsat ny pc", "visit", 85, 24 }, { 5, AT(14, 30), "jonas", "solve" } } },
	{ 0 }
};
