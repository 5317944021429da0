# Messages en français. `en.ftl` contient les mêmes identifiants et les mêmes variables : un test les compare.
#
# Le message d'un diagnostic porte le nom de son code. Sa valeur dit ce qui s'est passé et où ; `.help`
# la marche à suivre ; `.otherwise` la marche à suivre quand un argument de `.help` est vide.


### Erreurs

error-headline = erreur : { $message }
error-cause = cause : { $cause }
error-help = que faire : { $help }

usage-unknown-argument = il n'y a pas d'option `{ $argument }` ici
usage-unknown-command = il n'y a pas de commande `{ $command }`
usage-missing-argument = il manque { $argument }
usage-missing-value = `{ $argument }` attend une valeur
usage-invalid-value = `{ $value }` n'est pas une valeur de `{ $argument }` (valeurs admises : { $valid })
usage-unreadable-value = `{ $value }` ne peut pas être lu comme valeur de `{ $argument }`
usage-twice = `{ $argument }` ne s'emploie pas ainsi : l'option figure deux fois, ou à côté d'une autre qui l'exclut
usage-did-you-mean = vouliez-vous dire `{ $suggestion }` ?
usage-see-help = `--help` montre ce que l'on peut saisir


### Aide

help-usage-heading = Utilisation :
help-global-heading = Options de toutes les commandes
help-commands-heading = Commandes
help-command-placeholder = COMMANDE
help-possible-values = [valeurs possibles : { $values }]
help-default-value = [par défaut : { $value }]
help-help-flag = Affiche l'aide
help-version-flag = Affiche la version

help-vermeil = Des enregistrements de nombreux silos à un profil de référence par client, chaque donnée personnelle sous une clé que l'on peut détruire
help-vermeil-format = Forme des résultats sur la sortie standard
help-vermeil-log = Forme de la progression et des erreurs sur la sortie d'erreur
help-vermeil-lang = Langue des messages ; à défaut, celle du système
help-vermeil-pipeline = Dossier du pipeline, ou son fichier
help-vermeil-verbose = Journalise davantage ; deux fois, plus encore

help-demo = Écrit trois silos de clients inventés, y exécute tout le pipeline et compare le résultat à la vérité connue
help-demo-dir = Dossier à remplir : nouveau, vide, ou issu d'une démonstration précédente, qui est alors remplacée
help-demo-people = Nombre de personnes à inventer
help-demo-seed = La même graine donne les mêmes clients

help-init = Écrit un nouveau pipeline, prêt à tourner sur des données d'exemple
help-init-dir = Dossier à remplir : nouveau ou vide

help-check = Valide le pipeline et ses politiques et atteint ses sources ; montre champs, classes et contrat
help-policy = Qui peut voir quoi, et à quelle fin
help-policy-show = Montre comment chaque rôle voit chaque classe de champs, pour chaque finalité
help-plan-examples = Montre autant de profils qui fusionneraient, et de profils qui se sépareraient, avec les enregistrements en cause
help-plan-refresh-model = Prévoit avec le modèle que `model refresh` ferait maintenant ; il n'est pas conservé
help-plan = Montre ce que `run` lirait et changerait, sans rien changer
help-run = Lit les sources, rapproche les enregistrements d'une même personne, publie les profils de référence
help-run-until = Dernière étape à exécuter
help-run-report = Écrit comment les enregistrements ont été rapprochés, en une page HTML qui fonctionne hors ligne et ne montre aucune valeur

help-status = Montre les dernières exécutions, les sources et leur retard, la quarantaine, et qui a ouvert quoi
help-query = Interroge en SQL ce qu'un rôle peut voir
help-query-sql = La requête ; lue sur l'entrée standard si elle est absente ou vaut `-`
help-query-role = Rôle sous lequel lire
help-query-purpose = Finalité de la lecture ; sans finalité, aucune donnée personnelle n'est ouverte

help-explain = Explique pourquoi deux enregistrements ont été rapprochés ou non, ou d'où vient un profil
help-explain-left = Identifiant d'un profil ou d'un enregistrement
help-explain-right = Identifiant d'un autre enregistrement
help-explain-svg = Écrit les indices pour et contre la paire sous forme de graphique (SVG), sans aucune valeur des enregistrements
help-explain-role = Rôle sous lequel lire
help-explain-purpose = Finalité de la lecture ; sans finalité, aucune donnée personnelle n'est ouverte

help-review = Interroge sur les paires d'enregistrements dont le verdict est le moins sûr et emporte le plus, les meilleures d'abord
help-review-list = Affiche seulement la file, par identifiants d'enregistrements et sans aucune valeur
help-review-limit = En soumet, ou en affiche, tant au plus
help-review-answers = Lit les réponses dans un fichier CSV (`-` : l'entrée standard) aux colonnes left, right, verdict (`same` ou `different`) et reason : toutes ou aucune
help-review-reason = Motif de toutes les réponses ; à défaut, il est demandé. Une ligne de 200 caractères au plus, conservée en clair : ne nommez personne
help-review-role = Rôle sous lequel lire
help-review-purpose = Finalité de la lecture ; sans finalité, aucune donnée personnelle n'est ouverte

help-merge = Décide que deux profils n'en font qu'un, quels que soient les indices ; toute exécution ultérieure s'y tient
help-merge-left = Identifiant d'un profil ou d'un enregistrement
help-merge-right = Identifiant d'un autre
help-merge-reason = Motif, en une ligne de 200 caractères au plus. Il est conservé en clair et montré à qui liste les décisions : ne nommez personne, renvoyez à un ticket
help-split = Décide que des enregistrements ne relèvent pas de la même personne que le reste de leur profil, quels que soient les indices
help-split-profile = Identifiant du profil
help-split-records = Identifiants des enregistrements qui le quittent
help-split-reason = Motif, en une ligne de 200 caractères au plus. Il est conservé en clair et montré à qui liste les décisions : ne nommez personne, renvoyez à un ticket
help-never-link = Décide que deux profils ou enregistrements n'en font jamais un, quels que soient les indices
help-never-link-left = Identifiant d'un profil ou d'un enregistrement
help-never-link-right = Identifiant d'un autre
help-never-link-reason = Motif, en une ligne de 200 caractères au plus. Il est conservé en clair et montré à qui liste les décisions : ne nommez personne, renvoyez à un ticket
help-undo = Lève une décision : les indices comptent de nouveau
help-undo-decision = Numéro de la décision, donné par `decisions`
help-undo-reason = Motif, en une ligne de 200 caractères au plus. Il est conservé en clair et montré à qui liste les décisions : ne nommez personne, renvoyez à un ticket
help-decisions = Liste les décisions de rapprochement, y compris celles qui sont levées

help-rectify = Rectifie une valeur : les profils de référence la montrent dès la prochaine exécution, quoi que livrent les sources
help-rectify-id = Identifiant d'un profil ou d'un de ses enregistrements ; pour un profil, c'est l'enregistrement dont il montre la valeur qui est rectifié
help-rectify-field = Champ du schéma, comme `email` ; la valeur est lue sur l'entrée standard
help-rectify-withdraw = Retire ce qui a été rectifié : les valeurs des sources comptent de nouveau
help-rectify-reason = Pourquoi, en une ligne de 200 caractères au plus. La raison est scellée, et montrée à qui peut tout ouvrir : n'y nommez tout de même personne, renvoyez à un ticket
help-rectify-role = Rôle dans lequel rectifier
help-rectify-purpose = Finalité de la rectification ; elle doit ouvrir les identifiants et la classe du champ

help-find = Trouve les enregistrements qui portent une valeur, sans en ouvrir aucun : une adresse électronique, un numéro de téléphone, un numéro de client
help-find-field = Champ du schéma, comme `email` ; la valeur est lue sur l'entrée standard
help-find-role = Rôle sous lequel lire
help-find-purpose = Finalité de la recherche ; elle doit ouvrir la classe du champ

help-resolve = Dit qui est une personne d'après ce que l'on sait d'elle : profils, probabilités et raisons, quelques millisecondes après la question
help-resolve-limit = Profils par réponse, au plus
help-resolve-at-least = Probabilité (0.9 par exemple) ou poids (3.5bits par exemple) minimal d'une réponse ; à défaut, quiconque est plus probable que le premier venu
help-resolve-role = Rôle sous lequel demander
help-resolve-purpose = Finalité de la question ; elle doit ouvrir les classes des champs par lesquels on demande

help-quarantine = Lignes qui ont enfreint leur contrat
help-quarantine-ls = Les énumère
help-quarantine-show = En montre une telle qu'elle a été livrée
help-quarantine-show-id = Identifiant de la ligne, donné par `quarantine ls`
help-quarantine-show-role = Rôle sous lequel lire
help-quarantine-show-purpose = Finalité de la lecture ; elle doit ouvrir toutes les classes de données personnelles
help-quarantine-replay = Les soumet toutes à nouveau, une fois le pipeline corrigé

help-audit = Qui a ouvert quoi : le journal des ouvertures, et s'il est intact
help-audit-verify = Vérifier le journal ; code de sortie 1 si quoi que ce soit a été modifié, retiré, ajouté ou déplacé
help-audit-verify-folder = Dossier du journal ; celui du pipeline par défaut
help-audit-verify-key = La clé publique, telle que `audit key` l'affiche, ou un fichier qui la contient ; celle du pipeline par défaut
help-audit-verify-remembered = Un point de contrôle du journal gardé ailleurs : montre que le journal n'a pas été ramené à un état antérieur
help-audit-list = Lister les ouvertures de champs personnels, de la plus ancienne à la plus récente
help-audit-list-page = Seulement celles qui ont lu cette page de clés, ou l'ont pu
help-audit-list-table = Seulement celles de cette table, comme `golden.profiles`
help-audit-list-since = Seulement depuis ce jour ou cet instant, comme 2026-11-01
help-audit-list-role = Rôle du fichier de pipeline sous lequel lire
help-audit-list-purpose = Finalité de la lecture ; ce doit être `audit`, accordée au rôle
help-audit-key = Afficher la clé publique qui vérifie le journal
help-audit-expire = Supprimer les segments des anciens mois ; le reste se vérifie comme avant
help-audit-expire-before = Le premier mois qui reste, comme 2026-01 ; le segment le plus récent reste toujours

help-dedupe = Trouve quelles lignes d'un fichier sont une même personne ou organisation, sans pipeline : CSV et apparentés, NDJSON, Parquet. Les colonnes sont comprises d'elles-mêmes ; rien n'est conservé hormis les groupes
help-dedupe-file = Fichier à lire : un chemin ou l'URL d'un magasin d'objets
help-dedupe-out = Fichier à écrire : une ligne par ligne lue, dans le même ordre, avec sa clé et son groupe
help-dedupe-id = Colonne qui désigne les lignes et ne compte pas comme indice ; sans elle, leur numéro les désigne. Des lignes de même clé restent des lignes distinctes
help-dedupe-map = Prend une colonne pour un champ de `customer.v1`, quelle que soit son apparence (`-` : ne pas la comparer) ; peut être répété
help-dedupe-block = Compare les lignes qui concordent sur ces champs, par exemple `family_name:phonetic + birth_date:year`, et aucune autre ; répétable. Sans elle, des règles sont choisies selon les colonnes
help-dedupe-exclusive = Colonne dont un groupe n'a qu'une valeur, par exemple un numéro d'immatriculation : des lignes qui en ont de différentes ne partagent jamais un groupe, quoi qu'elles aient d'autre en commun ; répétable. Une valeur sans chiffre ne sépare rien
help-dedupe-report = Écrit comment les lignes ont été comparées, en une page HTML qui fonctionne hors ligne et ne montre aucune valeur du fichier
help-dedupe-model = Compare selon ce modèle, écrit par `--save-model`, au lieu d'en estimer un
help-dedupe-risk = Ajoute aux groupes une colonne `risk` : la probabilité que le groupe de la ligne réunisse deux personnes différentes. `evaluate` la confronte à la vérité
help-dedupe-save-model = Écrit le modèle selon lequel la comparaison a été faite : des nombres et des noms de champs, aucune valeur du fichier
help-dedupe-threshold = Probabilité, au-dessus de 0 et au-dessous de 1, à partir de laquelle deux lignes sont rapprochées ; 0,5 par défaut

help-compare-names = Dit quelles paires de noms d'un fichier CSV sont un même nom, quels que soient l'ordre, la graphie et l'écriture
help-compare-names-file = Fichier CSV aux colonnes `name1` et `name2` ; une colonne `kind` ou `schema` peut dire `person`, ou ce que les noms désignent d'autre
help-compare-names-out = Fichier à écrire : le numéro de chaque ligne, sa ressemblance de 0 à 1, et si elle en fait un même nom
help-compare-names-kind = Ce que les noms désignent, quand le fichier ne le dit pas

help-synth = Écrit des silos de clients inventés dont la vérité est connue
help-synth-people = Nombre de personnes à inventer
help-synth-out = Dossier de destination ; les fichiers de mêmes noms sont remplacés
help-synth-seed = La même graine donne les mêmes clients

help-evaluate = Compare des groupes à une vérité connue : précision, rappel et F1, par paires et B³
help-evaluate-clusters = Fichier CSV à la colonne de `--id` et à la colonne `cluster`, tel que `dedupe` l'écrit (ou `cluster_id`). Une colonne `risk`, de `dedupe --risk`, est confrontée à la vérité elle aussi
help-evaluate-truth = Fichier CSV à la colonne de `--id` et à la colonne `entity_id` (ou `cluster_id`)
help-evaluate-id = Colonne qui désigne les enregistrements, dans les deux fichiers
help-leak-scan = Cherche des valeurs données dans tous les fichiers d'un dossier, quel que soit leur encodage ; code de sortie 1 si l'une est trouvée, 3 si quelque chose n'a pu être examiné
help-leak-scan-dir = Dossier à examiner
help-leak-scan-values = Valeurs à chercher : une par ligne, ou CSV (`label,value`), ou NDJSON
help-leak-scan-write-corpus = Écrit plutôt un dossier de valeurs semées, pour éprouver cet outil ou un autre

help-serve = Répond par HTTP, et fait à l'heure ce que dit `schedule` dans le pipeline ; la documentation est à /docs
help-serve-http = Adresse d'écoute ; le port 0 en prend un libre
help-serve-postgres = Adresse où répondre aux clients PostgreSQL, avec les jetons pour mots de passe et `vermeil.purpose` pour finalité ; le port 0 en prend un libre
help-serve-tls-cert = Certificat en PEM, avec ceux qui mènent à son autorité
help-serve-tls-key = Clé privée du certificat, en PEM
help-serve-insecure = Écoute sans TLS même là où d'autres machines ont accès, parce que quelque chose devant protège
help-token = Délivre des jetons pour les services, les liste, les révoque
help-token-create = Crée un jeton et l'affiche : une seule fois, celle-ci
help-token-create-actor = Compte qui s'en sert, tel que le journal d'audit le nomme
help-token-create-role = Rôle dans lequel il sert, parmi ceux des fichiers de politique
help-token-create-expires-in = Jours jusqu'à son expiration ; sans cela, il vaut jusqu'à sa révocation
help-token-ls = Liste les jetons, jamais leurs secrets
help-token-revoke = Révoque un jeton aussitôt, dans tous les processus
help-token-revoke-number = Numéro du jeton

help-erase = Efface une personne : le demander, le faire approuver par un autre compte, l'exécuter, le prouver
help-erase-open = Ouvre une demande : tout ce qui concerne la personne d'un profil ou d'un enregistrement, ou de la valeur d'un champ
help-erase-open-ids = Identifiants de profils ou d'enregistrements, une demande pour chacun
help-erase-open-field = Champ par lequel les enregistrements se trouvent, comme `email` ; la valeur est lue sur l'entrée standard
help-erase-open-dry-run = Dit seulement les tables, lignes, fichiers et octets ; n'ouvre aucune demande
help-erase-approve = Approuve une demande qu'un autre compte a ouverte
help-erase-approve-number = Numéro de la demande
help-erase-cancel = Retire une demande qui n'a pas commencé
help-erase-cancel-number = Numéro de la demande
help-erase-run = Exécute les demandes approuvées et reprend celles qui ont été interrompues ; code de sortie 1 tant qu'il reste quelque chose
help-erase-run-numbers = Numéros des demandes
help-erase-run-all = Toutes les demandes à exécuter, en une seule réécriture
help-erase-status = Montre les demandes, leurs étapes et ce qui reste
help-erase-status-number = Numéro d'une demande
help-erase-certificate = Imprime le certificat signé d'une demande achevée
help-erase-certificate-number = Numéro de la demande
help-erase-flagged = Liste les enregistrements arrivés alors qu'une personne effacée a l'une de leurs coordonnées
help-erase-open-role = Rôle sous lequel effacer ; il doit ouvrir toutes les classes
help-erase-open-purpose = Finalité de l'effacement
help-erase-approve-role = Rôle sous lequel effacer ; il doit ouvrir toutes les classes
help-erase-approve-purpose = Finalité de l'effacement
help-erase-cancel-role = Rôle sous lequel effacer ; il doit ouvrir toutes les classes
help-erase-cancel-purpose = Finalité de l'effacement
help-erase-run-role = Rôle sous lequel effacer ; il doit ouvrir toutes les classes
help-erase-run-purpose = Finalité de l'effacement
help-erase-flagged-role = Rôle sous lequel effacer ; il doit ouvrir toutes les classes
help-erase-flagged-purpose = Finalité de l'effacement
help-prove = Vérifie un certificat d'effacement, hors ligne si la clé est donnée
help-prove-certificate = Le certificat
help-prove-public-key = Clé de vérification, ou un fichier qui la contient ; celle du trousseau si elle n'est pas donnée
help-request = Demandes des personnes : accès, rectification, effacement, limitation, portabilité, opposition
help-request-open = Ouvre une demande ; un objet JSON sur l'entrée standard dit qui demande, comme `{ "{" }"email": "…"{ "}" }`, et pour une rectification, dans `set`, ce qui doit figurer où
help-request-open-kind = Ce qui est demandé
help-request-open-received = Jour de réception, `AAAA-MM-JJ` ; aujourd'hui par défaut
help-request-open-object-to = Opposition : finalité visée ; toutes celles qui connaissent l'opposition par défaut
help-request-open-role = Rôle sous lequel traiter les demandes ; il doit ouvrir toutes les classes
help-request-open-purpose = Finalité du traitement des demandes
help-request-verify = Note que l'identité est établie, et recherche la personne
help-request-verify-number = Numéro de la demande
help-request-verify-method = Comment l'identité a été établie
help-request-verify-subject = Identifiant d'un profil ou d'un enregistrement, si plusieurs personnes correspondent
help-request-verify-role = Rôle sous lequel traiter les demandes ; il doit ouvrir toutes les classes
help-request-verify-purpose = Finalité du traitement des demandes
help-request-pause = Suspend le délai, car l'identité est en doute
help-request-pause-number = Numéro de la demande
help-request-pause-role = Rôle sous lequel traiter les demandes ; il doit ouvrir toutes les classes
help-request-pause-purpose = Finalité du traitement des demandes
help-request-resume = Fait reprendre le délai
help-request-resume-number = Numéro de la demande
help-request-resume-role = Rôle sous lequel traiter les demandes ; il doit ouvrir toutes les classes
help-request-resume-purpose = Finalité du traitement des demandes
help-request-extend = Prolonge le délai de deux mois, pendant le premier
help-request-extend-number = Numéro de la demande
help-request-extend-reason = Pourquoi, en une ligne qui ne nomme personne ; la personne en est informée
help-request-extend-role = Rôle sous lequel traiter les demandes ; il doit ouvrir toutes les classes
help-request-extend-purpose = Finalité du traitement des demandes
help-request-hold = Suspend un effacement : la personne est limitée à la place jusqu'au dernier jour
help-request-hold-number = Numéro de la demande
help-request-hold-reason = Pourquoi, en une ligne qui ne nomme personne ; la personne en est informée
help-request-hold-until = Dernier jour, `AAAA-MM-JJ`
help-request-hold-basis = Texte qui l'impose, comme « Code de commerce, art. L123-22 »
help-request-hold-role = Rôle sous lequel traiter les demandes ; il doit ouvrir toutes les classes
help-request-hold-purpose = Finalité du traitement des demandes
help-request-release = Met fin à une suspension : l'effacement est réexaminé
help-request-release-number = Numéro de la demande
help-request-release-role = Rôle sous lequel traiter les demandes ; il doit ouvrir toutes les classes
help-request-release-purpose = Finalité du traitement des demandes
help-request-refuse = Refuse une demande
help-request-refuse-number = Numéro de la demande
help-request-refuse-reason = Pourquoi, en une ligne qui ne nomme personne ; la personne en est informée
help-request-refuse-ground = Ce pour quoi la loi le permet
help-request-refuse-role = Rôle sous lequel traiter les demandes ; il doit ouvrir toutes les classes
help-request-refuse-purpose = Finalité du traitement des demandes
help-request-cancel = Retire une demande
help-request-cancel-number = Numéro de la demande
help-request-cancel-role = Rôle sous lequel traiter les demandes ; il doit ouvrir toutes les classes
help-request-cancel-purpose = Finalité du traitement des demandes
help-request-approve = Approuve un effacement qu'un autre compte a demandé
help-request-approve-number = Numéro de la demande
help-request-approve-role = Rôle sous lequel traiter les demandes ; il doit ouvrir toutes les classes
help-request-approve-purpose = Finalité du traitement des demandes
help-request-run = Exécute une demande, ou la reprend où elle a été interrompue
help-request-run-number = Numéro de la demande
help-request-run-to = Accès et portabilité : dossier à créer, avec la réponse et son manifeste signé
help-request-run-letter = Langue de la lettre ; celle des messages par défaut
help-request-run-role = Rôle sous lequel traiter les demandes ; il doit ouvrir toutes les classes
help-request-run-purpose = Finalité du traitement des demandes
help-request-link = Donne un lien avec lequel la réponse est retirée une fois auprès du service : accès et portabilité
help-request-link-number = Numéro de la demande
help-request-link-hours = Heures pendant lesquelles il peut servir ; `service.download_hours` par défaut, et jamais plus
help-request-link-letter = Langue de la lettre ; celle des messages par défaut
help-request-link-role = Rôle sous lequel traiter les demandes ; il doit ouvrir toutes les classes
help-request-link-purpose = Finalité du traitement des demandes
help-request-invite = Donne un lien avec lequel la personne d'une demande voit, corrige, permet et demande, sur une page du service
help-request-invite-number = Numéro d'une demande dont on est sûr de qui elle vient
help-request-invite-hours = Heures pendant lesquelles il peut servir ; `service.subject_link_hours` par défaut, et jamais plus
help-request-invite-role = Rôle sous lequel le donner
help-request-invite-purpose = Finalité pour laquelle le donner
help-request-lift = Lève une limitation dont la fin a été annoncée à la personne
help-request-lift-number = Numéro de la demande
help-request-lift-told = Jour où la levée a été annoncée à la personne
help-request-lift-role = Rôle sous lequel traiter les demandes ; il doit ouvrir toutes les classes
help-request-lift-purpose = Finalité du traitement des demandes
help-request-ls = Liste les demandes ; ce qui est en retard ou presque ressort
help-request-ls-open = Seulement celles qui ne sont pas closes
help-request-show = Montre une demande et ses étapes
help-request-show-number = Numéro de la demande
help-request-due = Liste ce qui est bientôt dû ou en retard ; code de sortie 3 s'il y a du retard
help-prove-package = Dossier de la réponse à une demande, dont les fichiers doivent être tels que signés
help-retention = Dit qui est conservé au-delà de sa durée ; code de sortie 3 s'il y a lieu
help-retention-open = Ouvre un effacement pour chacun, sauf s'il en est déjà un
help-retention-role = Rôle sous lequel traiter les demandes ; il doit ouvrir toutes les classes
help-retention-purpose = Finalité du traitement des demandes
help-report = Produit le registre des traitements, ou les personnes concernées par une violation
help-report-ropa = Le registre des activités de traitement (art. 30), d'après ce qui tourne
help-report-breach = Les personnes concernées par une violation (art. 33), d'après le journal des ouvertures
help-report-breach-keys = Page de clés exposée ; celles que nomme le journal par défaut
help-report-breach-tables = Table ouverte ; toutes par défaut
help-report-breach-from = Depuis quand
help-report-breach-to = Jusqu'à quand
help-report-breach-role = Rôle sous lequel traiter les demandes ; il doit ouvrir toutes les classes
help-report-breach-purpose = Finalité du traitement des demandes

help-optimize = Fusionne les petits fichiers, supprime ceux que personne ne lit, allège les journaux du lac
help-restore-drill = Éprouver une sauvegarde : restaurée, parlerait-elle de personnes effacées depuis ?
help-restore-drill-state = Une copie de la base d'état telle que sauvegardée ; elle n'est pas modifiée
help-restore-drill-lake = Le dossier du lac qui va avec ; il n'est pas modifié

help-model = Montre et renouvelle le modèle de rapprochement : ce que vaut l'accord sur chaque champ
help-model-show = Montre le modèle que suivent les exécutions
help-model-refresh = Estime un nouveau modèle sur tous les enregistrements ; la prochaine exécution le suit
help-model-refresh-with-decisions = Apprend aussi des paires que des personnes ont tranchées : ce qu'elles ont fusionné est un, ce qu'elles ont séparé est deux
help-model-refresh-dry-run = Dit seulement quels profils fusionneraient et se sépareraient

help-keys = Montre, renouvelle, confie et détruit les générations de clés dont dépendent toutes les autres
help-keys-status = Montre chaque génération et le nombre de clés qui en dépendent
help-keys-rotate = Passe toutes les clés à une nouvelle génération, à côté des lectures et des exécutions ; reprend là où elle a été interrompue
help-keys-rewrap = Confie le trousseau à un autre fournisseur de clés ou à une autre phrase secrète ; tout s'ouvre comme avant
help-keys-rewrap-to = Copie du fichier de pipeline qui nomme le nouveau fournisseur sous `keyring.provider` ; elle prend ensuite la place de l'ancien fichier
help-keys-destroy-generation = Détruit une génération dont plus aucune clé ne dépend : les sauvegardes antérieures de la base d'état ne s'ouvrent plus
help-keys-destroy-generation-generation = Numéro de la génération, donné par `keys status`
help-keys-destroy-generation-yes = Ne demande pas de saisir le numéro une seconde fois

help-completions = Écrit un script qui complète les commandes dans un interpréteur
help-completions-shell = L'interpréteur de commandes


### Résultats

yes = oui
total = total

span-seconds = { $number } s
span-minutes = { $number } min
span-hours = { $number } h
span-days = { $number } j

column-created-at = création
column-created-by = créé par
column-expires-at = expiration
column-revoked-at = révocation
column-status = état
column-token = jeton
column-actor = auteur
column-author = auteur
column-because = à cause de
column-blocks = blocs
column-clusters = groupes
column-decided-at = décidée le
column-rectification = rectification
column-decided-pairs = paires tranchées apprises
column-decision = décision
column-joins = réunions
column-kept-apart-by = séparés par
column-kind = genre
column-largest-block = enregistrements du plus grand
column-largest-cluster = enregistrements du plus grand groupe
column-meaning = prise pour
column-others = autres
column-oversized-rule = règle aux blocs trop grands, divisés par un champ de plus
column-pairs-per-record = paires comparées par enregistrement
column-peak-memory = mémoire au plus haut, Mio
column-bits = bits
column-broken = défectueuses
column-candidate-pairs = paires comparées
column-touched-records = enregistrements à comparer
column-changed = modifiées
column-audit-log = journal d'audit
column-class = classe
column-class-contact = contact
column-class-demographic = démographique
column-drill-erasures = effacements au registre
column-drill-tags-unknown = empreintes que la sauvegarde ignorait
column-drill-records-before = enregistrements d'effacés lisibles une fois restaurés
column-drill-records-after = lisibles après rejeu
column-drill-rows-after = lignes restantes qui les désignent
column-demo-before-withdrawal = avant
column-demo-after-withdrawal = l'un d'eux retire son consentement
column-demo-erasure = puis demande son effacement
column-demo-certificate = attestation, à la signature valide
column-demo-recipients = qui avait reçu ses données
column-demo-looked-by = recherche
column-demo-before-erasure = avant l'effacement
column-demo-after-erasure = après
column-class-identifier = identifiant
column-class-plain = ordinaire
column-class-sensitive = sensible
column-classes = classes
column-code = code
column-column = colonne
column-core-dumps = vidages mémoire
column-duplicates = doublons
column-entries = entrées lues
column-entry = entrée
column-evidence = indice
column-expired = mois supprimés
column-erase-amplification = écrit par octet concerné
column-erase-approved-by = approuvée par
column-erase-attempts = tentatives
column-erase-begun-at = commencée
column-erase-bytes = mégaoctets concernés
column-erase-channel = partie
column-erase-decisions = décisions à leur sujet
column-erase-ended-at = terminée
column-erase-events = événements
column-erase-final-after = définitif après
column-erase-flagged-at = arrivé
column-erase-held = suspendu
column-erase-number = effacement
column-erase-opened-by = ouverte par
column-erase-place = où
column-erase-proven-at = prouvé
column-erase-quarantined = lignes en quarantaine
column-erase-rewritten = mégaoctets réécrits
column-erase-searched = fichiers examinés
column-erase-status = état
column-erase-step = étape
column-erase-tags = étiquettes contre le retour
column-erase-unreadable = illisible après
column-erase-values = valeurs à chercher
column-erase-what = ce qui reste
column-request-number = demande
column-request-kind = nature
column-request-state = état
column-request-received = reçue le
column-request-due = échéance
column-request-urgency = urgence
column-request-identity = identité
column-request-extended = prolongée, car
column-request-held = suspendue
column-request-until = suspendue jusqu'au
column-request-refused = refusée
column-request-made = établie le
column-request-bytes = octets
column-request-digest = SHA-256
column-retention-until = dernier jour
column-retention-persons = personnes
column-retention-overdue = conservées trop longtemps
column-retention-relation = relation
column-retention-contact = dernier contact
column-retention-kept = à conserver jusqu'au
column-processing-controller = responsable
column-processing-prospects = prospects conservés
column-processing-customers = clients conservés
column-processing-purpose = finalité
column-processing-basis = base légale
column-processing-fields = champs
column-processing-roles = ouvert par
column-processing-kept = durée
column-breach-openings = ouvertures
column-breach-cut-short = dont interrompues
column-breach-accounts = comptes
column-breach-classes = classes
column-f1 = F1
column-false-merges = paires réunies à tort
column-false-splits = paires manquées
column-field = champ
column-file = fichier
column-files = fichiers
column-files-after = fichiers après
column-files-before = fichiers avant
column-files-deleted = fichiers supprimés
column-first-entry = numéro de la première
column-first-kept = premier mois qui reste
column-first-seen = première apparition
column-frequency-bits = rareté
column-generation = génération
column-id = identifiant
column-key-memory = clés en mémoire
column-key-pages = pages de clés
column-keyring = trousseau
column-keys = clés
column-lag = retard
column-lake = lac
column-landed = intégrées
column-last-load = dernier chargement
column-level = concordance
column-line = ligne
column-links = paires rapprochées
column-loaded-at = chargé le
column-makes = objet
column-measure = mesure
column-loses = perd
column-merges = profils fusionnés
column-merges-with = fusionne avec
column-model = modèle de rapprochement
column-moment = depuis ou jusqu'au
column-new = nouvelles
column-new-column = nouvelle colonne
column-observed-at = observé le
column-opened-at = ouvert le
column-outcome = issue
column-precision = précision
column-probability = probabilité
column-problem = problème
column-doubt = où elle en est
column-expected-gain = gain espéré
column-record-a = enregistrement A
column-record-b = enregistrement B
column-risk = risque
column-mean-risk = risque moyen
column-false-share = fusions à tort
column-profile = profil
column-profiles = profils
column-profiles-after = profils après l'exécution
column-provider = fournisseur
column-publication = publication
column-purpose = finalité
column-quarantined = en quarantaine
column-read = lues
column-reason = motif
column-recall = rappel
column-record = enregistrement
column-cluster-size = enregistrements par groupe
column-iterations = étapes
column-m = m : part parmi les paires d'une même personne
column-u = u : part parmi les autres paires
column-oversized = blocs trop grands
column-pairs-in-them = paires dans ces blocs
column-pairs = paires
column-prior = avant tout indice
column-role-of-link = ce qu'il fait
column-threshold = rapprochés à partir de
column-alternative = dit aussi
column-bits-before = bits avant
column-keeps = garde
column-last-seen = vu en dernier
column-records = enregistrements
column-replayed-at = soumise à nouveau le
column-required = obligatoire
column-role = rôle
column-rows = lignes
column-rule = règle
column-run = exécution
column-seconds = durée
column-segments = segments
column-signed-entries = entrées signées à ce jour
column-since = depuis
column-sources = sources
column-source = source
column-splits = profils scindés
column-stage = étape
column-started-at = commencée le
column-state = état
column-still-quarantined = toujours en quarantaine
column-suppressed = écartées
column-table = table
column-tried = soumises
column-type = type
column-unchanged = inchangées
column-undone-at = levée le
column-value = valeur
column-versions = versions
column-way-out = que faire

stage-land = Intégration des sources
stage-prepare = Préparation
stage-estimate = Estimation des poids
stage-score = Comparaison des paires
stage-cluster = Formation des groupes
stage-publish = Publication des profils

stage-synth-makes = lignes de clients inventés écrites
stage-land-makes = lignes lues, scellées et intégrées
stage-prepare-makes = enregistrements mis sous forme comparable
stage-estimate-makes = paires dont les poids sont estimés
stage-score-makes = paires comparées
stage-cluster-makes = groupes formés
stage-publish-makes = profils de référence publiés
stage-write-makes = lignes écrites avec leur groupe
stage-measure-makes = comptes comparés à la vérité
stage-erase-makes = enregistrements d'un client effacés

outcome-running = en cours
outcome-done = terminée
outcome-over_limit = terminée, au-delà de la limite
outcome-failed = échouée
outcome-refused = refusée
outcome-interrupted = interrompue

progress-waiting = Attente d'une autre exécution
progress-rotating = Passage à une nouvelle génération

generation-current = courante
generation-active = en usage
generation-destroying = en cours de destruction
generation-lost = perdue chez son fournisseur
generation-pending = destruction en attente
generation-destroyed = détruite
generation-unknown = inconnue du trousseau

model-none = Aucun modèle de rapprochement n'est conservé : il faut { $least } enregistrements. D'ici là, chaque exécution estime le sien.
model-kept = Les exécutions suivent le modèle de rapprochement { $model }, estimé sur { $records } enregistrements le { $at }.
model-does-not-fit = Il ne convient plus à ce que le schéma et le pipeline comparent : la prochaine exécution en estimera un autre.
model-refreshed = Conservé comme modèle de rapprochement { $model } : `vermeil run` publie selon lui.
model-tried = Rien n'a été conservé : `vermeil model refresh` sans `--dry-run` le conserve.
run-model-new = { $model }, estimé par cette exécution
run-model-kept = { $model }
keys-confirm = Ce que la génération { $generation } ouvrait ne s'ouvrira plus jamais, dans aucune sauvegarde. Saisissez { $generation } pour la détruire :
keys-rotation-under-way = Le passage à la génération { $generation } a été interrompu ou est en cours : { $pages ->
        [one] { $pages } page de clés reste
       *[other] { $pages } pages de clés restent
    } à traiter. `vermeil keys rotate` continue.
keys-rotated = { $keys ->
        [one] { $keys } clé
       *[other] { $keys } clés
    } en { $pages ->
        [one] { $pages } page
       *[other] { $pages } pages
    } passées à la génération { $generation } en { $seconds }.
keys-destroyable = Plus aucune clé ne dépend de la génération { $generation } : `vermeil keys destroy-generation { $generation }` ferme toute sauvegarde antérieure de la base d'état.
keys-rewrapped = Le trousseau est désormais tenu par le fournisseur `{ $provider }` : mettez le nouveau fichier de pipeline à la place de l'ancien. Les copies antérieures du trousseau s'ouvrent comme avant ; détruisez-les.
keys-destroyed = La génération { $generation } a été détruite le { $moment }. Les sauvegardes de la base d'état antérieures au passage de ses clés ne s'ouvrent plus.
keys-pending = La génération { $generation } n'ouvre plus rien ici. Son fournisseur la détruit définitivement le { $moment } ; jusque-là son propriétaire pourrait l'y reprendre.

run-up-to-date = Rien n'a changé depuis la dernière exécution : les profils publiés restent valables.
run-quarantined = { $rows ->
        [one] { $rows } ligne
       *[other] { $rows } lignes
    } de `{ $source }` en quarantaine : { $code }
run-oversized-block = règle `{ $rule }` : { $blocks } blocs (le plus grand : { $records } enregistrements) comptent { $pairs } paires ; seules celles qui s'accordent sur un champ de plus, et les proches voisines, ont été comparées
run-conflict = { $left } et { $right } ne font pas un seul profil : { $wanted } les réunit, { $forbidden } l'interdit
run-quarantine-limit = Plus de lignes ont été mises en quarantaine que `quarantine.limit` n'en tolère : code de sortie 3. `vermeil quarantine ls` les montre.

decision-made = La décision { $decision } ({ $kind }) porte sur { $records ->
        [one] { $records } enregistrement
       *[other] { $records } enregistrements
    } et { $others ->
        [one] { $others } autre
       *[other] { $others } autres
    }. La prochaine exécution de `vermeil run` s'y tient.
decision-undone = La décision { $decision } ({ $kind }) est levée. La prochaine exécution de `vermeil run` s'en remet aux indices.
rectification-set = Rectification { $rectification } : `{ $field }` de l'enregistrement { $record } est rectifié. Les profils de référence suivent au prochain `vermeil run`.
rectification-withdrawn = Rectification { $rectification } : `{ $field }` de l'enregistrement { $record } est retiré. Les profils de référence suivent de nouveau les sources au prochain `vermeil run`.
rectification-kind-set = rectifié
rectification-kind-withdrawn = retiré
decisions-none = Rien n'a été décidé.
ground-decision = la décision { $detail }
ground-exclusive = des valeurs différentes de { $detail }
ground-replaced = la source { $detail }, qui dit que l'un a été fusionné dans l'autre
ground-proof = la même valeur de { $detail }
ground-ambiguous = { $detail }, qui désigne plusieurs personnes
ground-proof_only = la règle selon laquelle les enregistrements de { $detail } n'en rejoignent d'autres que sur preuve
ground-never_linked = la règle selon laquelle les enregistrements de { $detail } n'en rejoignent aucun autre

dedupe-rejected = { $rows ->
        [one] { $rows } ligne illisible n'est
       *[other] { $rows } lignes illisibles ne sont
    } dans aucun groupe : { $code }, d'abord à la ligne { $line }
match-warning = attention : { $message }
dedupe-written = Les groupes sont dans { $file }.

meaning-record-key = clé de l'enregistrement
meaning-source = source
meaning-answer = réponse connue
meaning-given-name = prénom
meaning-middle-name = deuxième prénom
meaning-family-name = nom de famille
meaning-birth-name = nom de naissance
meaning-full-name = nom complet
meaning-organisation-name = organisation
meaning-birth-date = date de naissance
meaning-birth-year = année de naissance
meaning-birth-month = mois de naissance
meaning-birth-day = jour de naissance
meaning-birth-place = lieu de naissance
meaning-birth-country = pays de naissance
meaning-email = adresse électronique
meaning-phone = téléphone
meaning-street = voie
meaning-house-number = numéro dans la voie
meaning-address-extra = complément d'adresse
meaning-whole-address = adresse complète
meaning-postal-code = code postal
meaning-city = ville
meaning-region = région
meaning-country = pays
meaning-registration-number = numéro d'immatriculation
meaning-vat-number = numéro de TVA
meaning-national-id = numéro d'identité
meaning-loyalty-number = numéro de fidélité
meaning-title = civilité
meaning-gender = genre
meaning-occupation = profession
meaning-text = texte
meaning-ignored = sans indice

because-name = son nom
because-values = ses valeurs
because-values-against-name = ses valeurs, contre son nom
because-other-columns = les autres colonnes
because-empty = elle est vide
because-constant = elle n'a qu'une valeur
because-told = indiqué

plan-nothing-changed = Rien n'a été intégré ni publié.

check-source = { $source } : { $schema }, { $files ->
        [one] { $files } fichier
       *[other] { $files } fichiers
    }
check-unmapped = colonnes sans correspondance : { $columns }
check-row = une exécution mettrait en quarantaine { $problem }
check-note = note : { $note }
check-problem = problème : { $problem }
check-verdict = { $problems ->
        [0] Aucun problème.
        [one] { $problems } problème.
       *[other] { $problems } problèmes.
    }

policy-clear = en clair
policy-audits = lit
policy-protected = protégé
policy-absent = –
policy-legend = en clair : les valeurs elles-mêmes. protégé : des pseudonymes au lieu des identifiants, et des formes généralisées là où le schéma en prévoit. Toute finalité qui n'est pas à côté d'un rôle lui est refusée.

status-sources = Sources
status-runs = Dernières exécutions
status-quarantine = En attente en quarantaine
status-openings = Dernières ouvertures de données personnelles
status-core-dumps-off = désactivés
status-core-dumps-left-to-program = laissés au programme que désigne `kernel.core_pattern`
status-core-dumps-on = actifs : un plantage peut écrire des clés et des données personnelles sur le disque
status-memory-lock-whole = verrouillées
status-memory-lock-partial = verrouillées jusqu'à { $kib } Kio (`ulimit -l`) ; au-delà, l'échange sur disque est possible
status-memory-lock-refused = non verrouillées : l'échange sur disque est possible

audit-fault = anomalie : { $message }
audit-note = à noter : { $message }
audit-verdict = { $faults ->
        [0] Le journal est tel qu'il a été signé.
        [one] { $faults } anomalie : le journal n'est pas tel qu'il a été signé.
       *[other] { $faults } anomalies : le journal n'est pas tel qu'il a été signé.
    }
audit-nothing-opened = Le journal ne contient pas de telle ouverture.

token-created = Jeton { $token } de { $actor } dans le rôle { $role }. Il ne sera plus affiché :
token-revoked = Le jeton { $token } de { $actor } dans le rôle { $role } ne vaut plus rien.
tokens-none = aucun jeton n'a été délivré
token-status-valid = valable
token-status-expired = expiré
token-status-revoked = révoqué

serve-listening = à l'écoute sur { $address }
serve-listening-postgres = écoute à { $address } pour les clients PostgreSQL
serve-ended = fini : tout ce qui a été demandé a reçu sa réponse

problem-malformed = La requête n'est pas comprise.
problem-unauthenticated = Personne n'est connu sous ces identifiants.
problem-forbidden = Ce rôle ne peut pas faire cela pour cette finalité.
problem-not-found = Il n'y a rien de ce nom.
problem-method-not-allowed = Rien ne répond à cette méthode ici.
problem-conflict = Cela ne peut être fait en l'état.
problem-too-large = Le corps est trop grand.
problem-unsupported-type = Le corps doit être du JSON.
problem-invalid = La requête est comprise, mais ne peut être suivie.
problem-too-many = Trop de requêtes.
problem-internal = Quelque chose a échoué dans le service.
problem-unavailable = Le service ne peut pas répondre maintenant.
problem-timed-out = Cela a pris trop de temps, et a été abandonné.

serve-unprotected = { $address } est accessible à d'autres machines, et il n'y a pas de certificat
    .help = donnez `--tls-cert` et `--tls-key` ; `--insecure` seulement là où quelque chose devant protège
serve-address = rien ne peut écouter sur { $address } : { $reason }
    .help = choisissez une autre adresse avec `--http`, ou arrêtez qui y écoute
serve-certificate = le certificat et sa clé ne peuvent être employés
    .help = les deux doivent être en PEM, et la clé celle du premier certificat
serve-opendsr-key = la clé ou le domaine de `opendsr` ne peut servir
    .help = `opendsr.key` nomme un fichier avec la clé RSA du certificat, en PEM
serve-issuer = `oidc.issuer` est { $address }, en lieu de quoi n'importe qui en chemin pourrait répondre
    .help = donnez une adresse qui commence par `https://`
serve-broke-off = le service s'est interrompu : { $reason }
    .help = redémarrez-le ; si cela se reproduit, merci de le signaler
schedule-not-cron = `schedule.{ $job }` n'est pas une expression cron : { $expression }
    .help = cinq champs sont attendus, comme `0 3 * * *` : minute, heure, jour, mois, jour de semaine, en UTC

erase-none = personne n'est à effacer
erase-none-flagged = aucun enregistrement n'est signalé
erase-nothing-due = aucune demande n'est approuvée
erase-certificate-sound = Le certificat est tel qu'il a été signé.
erase-status-open = ouverte
erase-status-approved = approuvée
erase-status-running = en cours
erase-status-complete = achevée
erase-status-cancelled = retirée
erase-step-suppress = retour empêché
erase-step-destroy-keys = clés détruites
erase-step-rewrite = réécriture
erase-step-tell = destinataires connus
erase-step-prove = preuve
erase-place-lake = lac
erase-place-state = base d'état
erase-place-audit = journal d'audit
erase-trace-value = une valeur
erase-trace-id = un identifiant ou une étiquette
erase-trace-key = une clé
erase-trace-unknown-table = une table d'une source que le pipeline ne nomme plus : peut contenir n'importe quoi
erase-trace-unreadable = ne s'ouvre pas : peut contenir n'importe quoi
erase-next-open = Rien n'est encore effacé : un autre compte l'approuve par `vermeil erase approve { $number }`.
erase-next-approved = `vermeil erase run { $number }` l'exécute.
erase-next-running = L'effacement { $number } n'est pas achevé : retirez ce qui reste, puis `vermeil erase run { $number }` reprend.
erase-next-waiting = L'effacement { $number } est prouvé et attend des destinataires : `vermeil recipients retry` les avertit de nouveau, `vermeil recipients receipt` note une réponse.
erase-next-complete = L'effacement { $number } est achevé et prouvé : `vermeil erase certificate { $number }`.
erase-next-cancelled = L'effacement { $number } a été retiré.
erase-held-by = par la demande { $request } jusqu'au { $until }
request-none = aucune demande
request-overdue = EN RETARD
request-soon = bientôt due
request-standing = délai suspendu
request-invitation-given = Qui a ce lien voit et fait ce qui revient à la personne de la demande { $request }. Il sert une fois, avant { $expires }, et ne sera plus affiché :
request-link-given = Qui a ce lien retire la réponse à la demande { $request }, une fois et avant { $expires }. Il ne sera plus affiché :
request-package-sound = Le dossier est tel qu'il a été signé.
retention-nobody-due = personne n'est conservé au-delà de sa durée
retention-prospect = prospect
retention-customer = client
retention-next = `vermeil retention --open` ouvre un effacement pour chacun ; un autre compte l'approuve.
request-step-export = réponse écrite
request-step-restrict = limitée
request-step-object = opposition en vigueur
request-step-erase = effacée
request-step-rectify = { $field } rectifié
request-kind-access = accès
request-kind-rectification = rectification
request-kind-erasure = effacement
request-kind-restriction = limitation
request-kind-portability = portabilité
request-kind-objection = opposition
request-state-identity_unverified = identité à établir
request-state-pending = à traiter
request-state-approved = approuvée
request-state-in_progress = en cours
request-state-restricted = limitée
request-state-completed = achevée
request-state-refused = refusée
request-state-cancelled = retirée
request-state-duplicate = en double
request-method-session = session authentifiée
request-method-code = code renvoyé
request-method-in-person = en personne
request-method-document = pièce présentée
request-method-knowledge = connaissance
request-method-mandate = mandat
request-ground-identity = identité non établie
request-ground-unfounded = manifestement infondée
request-ground-excessive = excessive
request-ground-rights-of-others = droits d'autrui
request-ground-legal-obligation = obligation légale
request-ground-legal-claims = droits en justice
request-ground-not-applicable = aucun motif de l'article
request-ground-accurate = données exactes
request-next-identity_unverified = Personne n'est encore recherché : `vermeil request verify { $number } --method …` une fois l'identité établie.
request-next-pending = { $kind ->
        [erasure] { $held ->
            [true] `vermeil request run { $number }` limite la personne jusqu'à la fin de la suspension.
           *[false] Un autre compte l'approuve par `vermeil request approve { $number }`.
        }
       *[other] `vermeil request run { $number }` l'exécute.
    }
request-next-approved = `vermeil request run { $number }` l'exécute.
request-next-in_progress = La demande { $number } n'est pas achevée : `vermeil request run { $number }` la reprend.
request-next-restricted = { $held ->
        [true] À la fin de la suspension, `vermeil request release { $number }` la fait réexaminer.
       *[false] `vermeil request lift { $number } --told …` y met fin, une fois la personne prévenue.
    }
request-next-completed = La demande { $number } est achevée.
request-next-refused = La demande { $number } a été refusée : dites-en la raison à la personne, et qu'elle peut réclamer.
request-next-cancelled = La demande { $number } a été retirée.
request-next-duplicate = La demande { $number } répète la demande { $other }, qui est ouverte.
find-nothing = aucun enregistrement ne porte cette valeur
resolve-ask = Une question par ligne, en un objet JSON : {"{"}"family_name": "…", "birth_date": "…"{"}"}. Ctrl-D pour finir.
resolve-line = Ligne { $line } : { $text }
resolve-nothing = personne n'est trouvé (enregistrements comparés : { $compared })
resolve-not-compared = Champs étrangers au rapprochement : { $fields }
resolve-unpublished = pas encore publié
resolve-reopened = De nouveaux profils sont publiés : les enregistrements sont relus.
query-rows = { $rows ->
        [one] ({ $rows } ligne)
       *[other] ({ $rows } lignes)
    }

quarantine-empty = La quarantaine est vide.
quarantine-row = La ligne telle qu'elle a été livrée :

explain-prior = avant tout indice
explain-dependence = champs qui se répètent
explain-linked = Rapprochés : probabilité de { $probability }, pour un seuil de { $threshold }.
explain-not-linked = Non rapprochés : probabilité de { $probability }, pour un seuil de { $threshold }.
explain-never-compared = Aucune règle de blocage ne réunit les deux : ils n'ont jamais été comparés.
explain-rules = Comparés en raison de : { $rules }
explain-same-profile = Les deux sont dans un même profil.
explain-other-profiles = Ils sont dans des profils différents.
explain-joined-by = Réunis quels que soient les indices : { $grounds }
explain-kept-apart-by = Séparés quels que soient les indices : { $grounds }
explain-link-weakest = le plus faible de ceux qui tiennent
explain-link-holding = tient le profil
explain-link-further = superflu
explain-rarity = Plus clair : ce que la fréquence de la valeur ajoute ou retire
explain-threshold = seuil : { $threshold }
explain-waterfall = Indices pour et contre une même personne, en bits

review-kind-below = séparés, près du seuil
review-kind-above = rapprochés, l'un des liens qui tiennent
review-kind-weakest_link = rapprochés, le plus faible des liens qui tiennent
review-kind-bridge = séparés, un pont coupé
review-shown = { $shown } sur { $all }
review-heading = { $number } sur { $all } : { $kind } (gain espéré : { $gain })
review-record = { $letter } : enregistrement { $record } de `{ $source }`, dans le profil { $profile }
review-bridge = À elle seule, la paire serait rapprochée, avec une probabilité de { $probability } ; mais les paires entre les deux côtés pèsent { $bits } bits en moyenne, et la réunion a été refusée.
review-joins = Séparés à ce jour : une même personne réunirait { $sides } enregistrements en un profil.
review-parts = Un seul profil à ce jour : des personnes différentes le scinderaient en { $sides } enregistrements.
review-masked = (masqué)
review-masked-note = Les valeurs masquées ne sont pas pour ce rôle et cette finalité : `--role` et `--purpose` en nomment d'autres.
review-prompt = [m] même personne, [d] personnes différentes, [p] passer, [q] quitter :
review-key-same = m
review-key-different = d
review-key-skip = p
review-key-quit = q
review-not-a-key = Ce n'est aucune de ces touches.
review-reason = Pourquoi ? (Entrée : { $reason })
review-usual-reason = vu en revue
review-nothing = Il ne reste rien à revoir.
review-ended = { $decisions ->
        [one] { $decisions } décision prise.
       *[other] { $decisions } décisions prises.
    } La prochaine exécution de `vermeil run` s'en tient à ce qui est décidé.
review-contradicts-lines = ceci contredit ce qui précède dans le fichier, à la ligne { $lines }

page-written = Écrit : { $file }

report-title = Comment les enregistrements ont été rapprochés
report-no-value = Cette page montre des nombres, des champs et des règles, et aucune valeur d'un enregistrement. Elle fonctionne hors ligne.
report-bits = { $bits } bits
report-weights = Ce que dit chaque champ
report-weights-note = Les bits sont log2(m / u) : un bit de plus double la cote que deux enregistrements soient une même personne. Ce que la fréquence d'une valeur ajoute ou retire n'y est pas.
report-m-expected = m non appris : l'usuel est supposé
report-m-unused = aucune paire n'a les deux valeurs
report-histogram = Paires par poids
report-histogram-note = Chaque colonne réunit les paires d'autant de bits d'indices, sur une échelle logarithmique ; les paires à partir du seuil sont rapprochées.
report-histogram-sampled = Les paires rapprochées sont comptées ; les autres sont estimées sur un échantillon.
report-histogram-counted = Toutes les paires sont comptées.
report-sizes = Groupes par taille
report-rules = Ce qui a réuni les paires
report-rules-note = Une paire que plusieurs règles réunissent compte pour chacune. Dans les blocs trop grands, seules les paires qui concordent sur un champ de plus et les proches voisines ont été comparées.
report-training = Comment les poids ont été appris
report-training-note = Une session d'espérance-maximisation par règle. Une session qui ne s'est pas stabilisée n'apprend rien.
report-lambda = part des paires qui se correspondent
report-converged = stabilisée
report-not-converged = non stabilisée
explain-profile = Profil { $profile }
explain-risk = Risque qu'il réunisse des personnes différentes : { $risk }
explain-erased = Ses valeurs ont été effacées le { $at }.

measure-pairwise = paires
measure-b3 = enregistrements (B³)
prevailing-false-merges = L'erreur la plus fréquente est de réunir des personnes différentes.
prevailing-false-splits = L'erreur la plus fréquente est de laisser séparés les enregistrements d'une même personne.
prevailing-neither = Aucun des deux types d'erreur ne domine.

evaluate-records = { $records ->
        [one] { $records } enregistrement de la vérité
       *[other] { $records } enregistrements de la vérité
    }
evaluate-bin = { $from } à { $to } %
evaluate-calibration = Sur { $clusters ->
        [one] { $clusters } groupe
       *[other] { $clusters } groupes
    } de plusieurs enregistrements, { $expected } fusions à tort étaient attendues et { $observed } sont constatées ; erreur de calibration attendue : { $error }.
evaluate-unclustered = { $records ->
        [one] { $records } enregistrement de la vérité n'est dans aucun groupe ; il compte pour un groupe à lui seul.
       *[other] { $records } enregistrements de la vérité ne sont dans aucun groupe ; chacun compte pour un groupe à lui seul.
    }
evaluate-unknown = { $records ->
        [one] { $records } enregistrement groupé est inconnu de la vérité et n'a pas été mesuré.
       *[other] { $records } enregistrements groupés sont inconnus de la vérité et n'ont pas été mesurés.
    }

compare-names-done = { $pairs ->
        [one] { $pairs } paire de noms comparée
       *[other] { $pairs } paires de noms comparées
    } ; même nom : { $alike }. Voir { $out }.

synth-done = { $folder } : { $people } personnes et { $organisations } organisations, avec { $accounts } comptes ; `truth.csv` dit à qui est chacun.

init-done = { $folder } contient un nouveau pipeline : `pipeline.yaml`, qui peut voir quoi dans `policies`, et des clients inventés dans `data`.

demo-marker = `vermeil demo` a créé ce dossier et remplace ses données, son lac et son état à chaque nouvelle démonstration.
demo-replaced = La démonstration précédente dans { $folder } est remplacée.
demo-stages = De trois silos de clients inventés aux profils de référence
demo-accuracy = Comparaison avec la vérité connue
demo-unpublished = { $accounts ->
        [one] { $accounts } compte n'est dans aucun profil ; il compte pour un profil à lui seul.
       *[other] { $accounts } comptes ne sont dans aucun profil ; chacun compte pour un profil à lui seul.
    }
demo-example = Un profil de référence issu de { $accounts } comptes dans { $sources } sources, ouvert sous le rôle `{ $role }` pour la finalité `{ $purpose }`
drill-passed = La sauvegarde ne servirait rien de qui a été effacé.
drill-failed = La sauvegarde servirait des personnes effacées.
demo-ending = Un client s'en va
demo-exported = { $profiles ->
        [one] { $profiles } profil exporté
       *[other] { $profiles } profils exportés
    } vers `{ $recipient }`
demo-withdrawn = et l'adresse dont le consentement est retiré n'y est pas
demo-withdrawn-in-vain = et l'adresse dont le consentement est retiré y est TOUJOURS
demo-erased = demande { $number }, { $records ->
        [one] { $records } enregistrement
       *[other] { $records } enregistrements
    } : illisible après { $unreadable }, { $status } après { $seconds } ; approuvée par un second compte, comme il se doit
demo-rows = { $rows ->
        [0] rien
        [one] { $rows } ligne
       *[other] { $rows } lignes
    }
demo-rows-of-versions = { $rows ->
        [0] rien
        [one] { $rows } ligne, dont { $keys } avec une clé
       *[other] { $rows } lignes, dont { $keys } avec une clé
    } dans { $versions } versions{ $refused ->
        [0] {""}
       *[other] , dont { $refused } ne peuvent plus être lues
    }
demo-not-installed = absent
demo-recipients-told = { $recipients ->
        [0] personne
        [one] { $recipients } destinataire est prévenu, et répond
       *[other] { $recipients } destinataires sont prévenus, et répondent
    }
demo-by-pyarrow = pyarrow, chaque fichier Parquet du lac
demo-by-duckdb = DuckDB, chaque fichier Parquet du lac
demo-by-time-travel = voyage dans le temps, chaque version de chaque table
demo-by-backup = le lac d'avant, remis en place

next-heading = Pour continuer, saisissez :
next-check = ce que lit le pipeline, et ce qui l'arrêterait
next-run = des sources aux profils de référence
next-run-again = une fois encore : rien n'a changé, rien n'est donc intégré
next-query-analyst = ce que voit un analyste : champs ordinaires et pseudonymes
next-query-opened = les mêmes personnes par leur nom, sur habilitation ; la piste d'audit en garde trace
next-explain = d'où vient ce profil
next-quarantine = les lignes qui ont enfreint leur contrat, et que faire de chacune
next-prove = si l'attestation d'effacement est telle qu'elle fut signée


### Diagnostics de la ligne de commande

cli-pipeline-missing = il n'y a pas de pipeline : { $file } n'existe pas
    .help = `vermeil init DIR` en crée un ; `-p DIR` désigne un autre dossier
cli-unreadable = impossible de lire { $file }
    .help = vérifiez que le fichier existe et que vous avez le droit de le lire
cli-unwritable = impossible d'écrire { $file }
    .help = vérifiez que le dossier existe, que vous avez le droit d'y écrire et que le disque n'est pas plein
cli-schema-unknown = il n'y a pas de schéma `{ $name }` : il n'est ni fourni, ni le fichier { $file }
    .help = les schémas fournis sont { $known } ; un fichier se nomme relativement au dossier du pipeline
cli-folder-taken = { $folder } n'est pas vide
    .help = indiquez un dossier nouveau ou vide
cli-column-missing = { $file } n'a pas de colonne `{ $wanted }`
    .help = la première ligne du fichier nomme ses colonnes
cli-query-malformed = ce n'est pas une question
    .help = une question est un objet JSON sur une ligne, des noms de champs et des textes : {"{"}"email": "…"{"}"}
cli-row-malformed = { $file }:{ $line } : ce n'est pas une ligne de cette table
    .help = chaque ligne doit être en UTF-8 et avoir autant de champs que l'en-tête
cli-record-twice = { $file }:{ $line } : l'enregistrement de cette ligne figure une seconde fois dans le fichier
    .help = nommez chaque enregistrement une seule fois
cli-risk-invalid = { $file }:{ $line } : le risque n'en est pas un
    .help = un risque est un nombre de 0 à 1, tel que `vermeil dedupe --risk` l'écrit
cli-nothing-in-common = { $clusters } et { $truth } n'ont aucun enregistrement en commun
    .help = `record_id` doit avoir le même sens dans les deux fichiers
cli-not-an-id = { $argument } n'est pas un identifiant
    .help = les identifiants sont des UUID tels que 3f2b8c9e-0b1a-4c5d-9e8f-7a6b5c4d3e2f : `golden.members` les contient, et montre des pseudonymes à leur place sans finalité accordée
cli-no-terminal = il n'y a pas de terminal où poser des questions
    .help = `--list` affiche la file ; `--answers FICHIER` lit les réponses dans un fichier
cli-answer-invalid = { $file }:{ $line } : { $column ->
        [verdict] le verdict n'est ni `same` ni `different`
        [reason] le motif n'en est pas un
       *[other] { $column } n'est pas un identifiant
    }
    .help = { $column ->
        [verdict] rien du fichier n'a été pris : écrivez `same` ou `different`
        [reason] rien du fichier n'a été pris : un motif est une ligne de 1 à 200 caractères qui ne nomme personne
       *[other] rien du fichier n'a été pris : `vermeil review --list` affiche les identifiants
    }
cli-answer-refused = { $file }:{ $line } : { $reason }
    .help = rien du fichier n'a été pris : corrigez la ligne, ou retirez-la
answers-contradict = la réponse { $number } en contredit d'autres qui la précèdent : { $others }
    .help = aucune n'a été prise : retirez l'une d'elles
cli-not-confirmed = la génération { $generation } n'a pas été confirmée : rien n'a été détruit
    .help = saisissez son numéro quand il est demandé, ou ajoutez --yes
cli-audit-key = ceci n'est pas la clé d'un journal d'audit
    .help = `vermeil audit key` l'affiche : un nom, `+`, huit chiffres hexadécimaux, `+`, et du base64
cli-runtime = impossible de démarrer les fils d'exécution
    .help = le système limite le nombre de fils ou de fichiers d'un processus : relevez cette limite
cli-input = impossible de lire l'entrée standard
    .help = une requête est un texte en UTF-8 : donnez-la en argument ou par un tube
cli-output = impossible d'écrire sur la sortie standard
    .help = vérifiez vers quoi elle est dirigée et que le disque n'est pas plein


### Diagnostics des fichiers de pipeline et de schéma

yaml-unknown-key-near = { $file }:{ $line }:{ $column } : clé inconnue `{ $key }`
    .help = vouliez-vous dire `{ $nearest }` ?
yaml-unknown-key = { $file }:{ $line }:{ $column } : clé inconnue `{ $key }`
    .help = retirez-la ; `schemas/pipeline.schema.json` décrit toutes les clés
yaml-invalid = { $file }:{ $line }:{ $column } : { $message }
    .help = corrigez le fichier à cet endroit
pipeline-duplicate-source = { $file } : la source `{ $source }` est définie deux fois
    .help = donnez à l'une des deux un autre `id`
pipeline-no-key = { $file } : la source `{ $source }` a une clé (`key`) vide
    .help = nommez les colonnes qui identifient une ligne, par exemple `key: [id]`
pipeline-replaced-by-mismatch = { $file } : `replaced_by` de la source `{ $source }` doit nommer autant de colonnes que sa `key`
    .help = nommez les colonnes qui contiennent la clé de l'enregistrement qui l'a remplacé, dans l'ordre de `key`
pipeline-unknown-source = { $file } : `{ $place }` nomme la source `{ $source }`, qui n'est pas définie
    .help = définissez la source ou corrigez le nom
pipeline-out-of-range = { $file } : `{ $place }` vaut { $value }
    .help = la valeur doit être dans { $range }
pipeline-roles-moved = { $file } : `roles` s'écrit désormais comme politiques, dans des fichiers à côté du fichier de pipeline
    .help = retirez `roles` ; ces deux fichiers disent la même chose :
    { $policies }
schema-duplicate-field = { $file } : le champ `{ $field }` est défini deux fois
    .help = gardez l'un des deux
schema-reserved-field = { $file } : le champ `{ $field }` porte un nom que le lac se réserve
    .help = donnez un autre nom au champ
schema-no-purpose = { $file } : le champ personnel `{ $field }` ne déclare aucune finalité
    .help = nommez ses usages, par exemple `purposes: [customer_care]`, ou donnez-lui la classe `plain` s'il n'est pas personnel
schema-unfit-generalisation = { $file } : le champ `{ $field }` ne peut pas être généralisé en `{ $to }`
    .help = `age_band` et `year` valent pour des dates personnelles, `department` pour des codes postaux, `masked_phone` pour des numéros de téléphone, `initial` pour des textes personnels
schema-unfit-group = { $file } : le groupe `{ $group }` ne peut pas contenir `{ $field }`
    .help = nommez des champs du schéma, chacun dans un seul groupe, et dans `core` des champs du groupe
schema-unknown-blocking-field = { $file } : la règle de blocage `{ $rule }` nomme `{ $field }`, qui n'est pas un champ
    .help = définissez le champ ou corrigez la règle

match-unknown-purpose = `{ $place }` nomme la finalité `{ $purpose }`, que les fichiers de politique ne déclarent pas
    .help = finalités déclarées : { $declared }
golden-unfit-group = le groupe `{ $group }` des profils de référence ne peut pas contenir `{ $field }` du schéma `{ $schema }`
    .help = nommez des champs du schéma, chacun dans un seul groupe, et dans `core` des champs du groupe, et aucun auquel `golden.fields` donne une règle à lui ; `golden.groups` lève un groupe du schéma par null
match-unknown-field = `{ $place }` nomme `{ $field }`, que le schéma `{ $schema }` n'a pas
    .help = vouliez-vous dire `{ $nearest }` ?
    .otherwise = nommez un champ du schéma
match-unknown-comparison-field = `match.comparisons` nomme `{ $field }`, que le schéma `{ $schema }` n'a pas
    .help = vouliez-vous dire `{ $nearest }` ?
    .otherwise = nommez un champ du schéma
match-unknown-blocking-field = la règle de blocage `{ $rule }` nomme `{ $field }`, que le schéma `{ $schema }` n'a pas
    .help = vouliez-vous dire `{ $nearest }` ?
    .otherwise = nommez un champ du schéma
match-transform-does-not-fit = règle de blocage `{ $rule }` : la transformation ne convient pas au champ `{ $field }`
    .help = elle demande un champ dont le normaliseur est `{ $needed }`
match-nothing-compared = aucun champ du schéma `{ $schema }` n'est comparé
    .help = donnez une `comparison` à au moins un champ, dans le schéma ou sous `match.comparisons`
match-no-blocking-rule = le schéma `{ $schema }` n'a aucune règle de blocage
    .help = nommez-en au moins une, sous `blocking` dans le schéma ou sous `match.blocking`
match-too-many-comparisons = { $count } champs sont comparés
    .help = { $limit } peuvent l'être au plus : mettez-en à `null` sous `match.comparisons`


### Diagnostics de `dedupe`

dedupe-file-missing = il n'y a pas de fichier `{ $file }`
    .help = vouliez-vous dire `{ $nearest }` ?
    .otherwise = vérifiez le chemin
dedupe-file-empty = `{ $file }` est vide
    .help = il devrait contenir une ligne d'en-tête et des lignes, un objet JSON par ligne, ou du Parquet à colonnes simples
dedupe-bad-header = la première ligne de `{ $file }` ne se lit pas comme des noms de colonnes
    .help = elle devrait nommer les colonnes d'un texte délimité en UTF-8 ou Windows-1252
dedupe-unknown-column = `{ $option }` nomme `{ $column }`, qui n'est pas une colonne du fichier
    .help = vouliez-vous dire `{ $nearest }` ?
    .otherwise = sans cette option, `vermeil dedupe` montre les colonnes qu'il trouve
dedupe-unknown-field = `--map` nomme `{ $field }`, qui n'est pas un champ
    .help = vouliez-vous dire `{ $nearest }` ?
    .otherwise = il y a : { $fields }, et `-` pour une colonne à ne pas comparer
dedupe-threshold = le seuil vaut { $value }
    .help = c'est une probabilité : au-dessus de 0 et au-dessous de 1
dedupe-no-rows = `{ $file }` n'a aucune ligne lisible
    .help = sous la ligne d'en-tête, il devrait y avoir des lignes d'autant de champs
dedupe-nothing-compared = aucune colonne ne peut être comparée : chacune est vide, n'a qu'une valeur ou n'est pas un indice
    .help = si l'une en est un, dites-le : `--map CHAMP=COLONNE`
dedupe-too-many-rows = le fichier a plus de { $most } lignes
    .help = traitez-le par parties
dedupe-model-malformed = ligne { $line }, colonne { $column } : ce n'est pas un modèle de rapprochement
    .help = `--save-model` en écrit un
dedupe-model-version = le modèle de rapprochement est de version { $found }, ce programme lit la version { $known }
    .help = estimez-le à nouveau avec `--save-model`
dedupe-nothing-informative = aucun champ ne dit qui est qui : les groupes signifient peu
    .help = il faut d'autres colonnes ; si l'une a été mal comprise, dites-le avec `--map`
dedupe-little-informative = un seul champ dit qui est qui ({ $fields }) : les groupes sont des suppositions
    .help = il faut d'autres colonnes ; si l'une a été mal comprise, dites-le avec `--map`
dedupe-large-cluster = le plus grand groupe réunit { $largest } enregistrements sur { $records }, ce qui n'est guère une seule personne
    .help = voyez si ses lignes partagent une valeur que beaucoup ont, et écartez cette colonne : `--map -=COLONNE`
dedupe-copies-apart = { $rows } lignes disent la même chose qu'une ligne précédente et sont dans un autre groupe
    .help = ce que beaucoup de lignes partagent dit peu, et des lignes qui disent peu restent séparées ; retirez d'abord les copies si elles ne font qu'un
dedupe-repeated-keys = { $rows } lignes ont la clé d'une ligne précédente ; chacune reste une ligne à part
    .help = désignez les lignes par une colonne sans répétition, ou par aucune
dedupe-missing-keys = { $rows } lignes n'ont pas de clé
    .help = sans `--id`, les lignes sont désignées par leur numéro
match-not-converged = l'estimation ne s'est pas stabilisée dans ses étapes pour les paires de : { $rules }
    .help = ce que ces paires auraient appris est laissé de côté ; vérifiez quelques groupes avant de vous en servir, ou fournissez plus d'enregistrements
match-lambda-not-converged = l'estimation ne s'est pas stabilisée sur la part de paires qui se correspondent
    .help = les probabilités peuvent être fausses ; vérifiez quelques groupes avant de vous en servir, ou comparez selon un modèle conservé
match-prior-kept = trop peu de paires disent à quelle fréquence les enregistrements d'une même personne concordent sur : { $fields }
    .help = on y suppose ce qui est courant pour un champ ; une règle de blocage sur d'autres champs, ou plus d'enregistrements, le dirait
match-model-outgrown = le modèle de rapprochement a été fait de { $then } enregistrements, il y en a { $now } maintenant
    .help = ce qui était rare alors est peut-être courant ; `vermeil model refresh --dry-run` dit ce qu'un nouveau modèle changerait
match-model-mismatch = le modèle de rapprochement a été fait pour d'autres comparaisons
    .help = servez-vous-en pour des fichiers aux mêmes colonnes, ou estimez-en un autre
cli-nothing-matched = il n'y a rien à rapporter : cette exécution n'a rapproché aucun enregistrement
    .help = omettez `--until`, ou relancez une fois qu'un enregistrement a changé
cli-would-overwrite = { $file } est lu, et serait remplacé
    .help = écrivez dans un autre fichier


### Diagnostics des fichiers de politiques

policy-syntax = { $file }:{ $line }:{ $column } : { $message }
    .help = corrigez le fichier à cet endroit ; le langage est Cedar : https://docs.cedarpolicy.com
policy-unknown-name = { $file }:{ $line }:{ $column } : il n'y a pas de { $name }
    .help = vouliez-vous dire { $nearest } ?
    .otherwise = il y a : { $known }
policy-invalid = { $file }:{ $line }:{ $column } : { $message }
    .help = { $hint }
    .otherwise = `read` n'a pas de contexte, `open` a `context.purpose` ; des acteurs, rôles, finalités et classes, seul le nom est connu
policy-template = { $file }:{ $line }:{ $column } : une politique avec un emplacement réservé ne s'applique jamais
    .help = écrivez un nom au lieu de `?principal` ou `?resource`
policy-duplicate-id = { $file }:{ $line }:{ $column } : une autre politique porte aussi l'identifiant `{ $id }`
    .help = donnez un autre `@id` à l'une des deux
policy-names-missing = { $file } manque : il déclare les rôles et les finalités dont parlent les politiques
    .help = il contient `entity Role enum ["…"];` et `entity Purpose enum ["…"];`
policy-names-invalid = { $file } : `{ $found }` n'est une énumération ni de `Role` ni de `Purpose`
    .help = le fichier contient `entity Role enum ["…"];`, `entity Purpose enum ["…"];` et rien d'autre
policy-reserved-name = { $file } : `{ $name }` est un nom que le système garde pour lui
    .help = donnez un autre nom au rôle ou à la finalité
policy-nobody-reads = aucun rôle n'est déclaré : personne ne peut interroger
    .help = `policies/names.cedarschema` déclare les rôles, `policies/*.cedar` dit ce qu'ils voient ; `vermeil init` en montre un exemple
policy-role-reads-nothing = le rôle `{ $role }` ne peut pas même lire les champs ordinaires : ses requêtes sont refusées
policy-role-opens-nothing = le rôle `{ $role }` n'ouvre aucun champ personnel
policy-purpose-of-nobody = la finalité `{ $purpose }` n'est accordée à aucun rôle
policy-class-of-nobody = les champs de la classe `{ $class }` ne sont ouverts à personne
policy-without-effect = { $file }:{ $line }:{ $column } : cette politique ne change jamais rien
    .help = ce qu'elle dit est déjà refusé, permis ou interdit, ou jamais demandé


### Diagnostics des sources

source-missing = il n'y a pas de fichier `{ $path }`
    .help = vérifiez le `path` de la source : il est relatif au dossier du pipeline
source-missing-near = il n'y a pas de fichier `{ $path }`
    .help = vouliez-vous dire `{ $nearest }` ?
source-empty = `{ $file }` est vide
    .help = faites livrer le fichier à nouveau, ou retirez-le
source-bad-header = la ligne d'en-tête de `{ $file }` est illisible
    .help = vérifiez `delimiter`, `quote` et `encoding` de la source
source-other-delimiter = `{ $file }` : `{ $delimiter }` ne sépare pas la ligne d'en-tête
    .help = vouliez-vous dire `delimiter: "{ $likely }"` ?
source-missing-column = `{ $file }` n'a pas de colonne `{ $column }`
    .help = corrigez le nom sous `columns` ou `key` de la source
source-missing-column-near = `{ $file }` n'a pas de colonne `{ $column }`
    .help = vouliez-vous dire `{ $nearest }` ?
source-column-not-seen = aucune ligne au début de `{ $file }` n'a `{ $column }`
    .help = si les lignes l'omettent à bon droit, tout va bien ; sinon corrigez le nom sous `columns` de la source
source-column-not-seen-near = aucune ligne au début de `{ $file }` n'a `{ $column }`
    .help = vouliez-vous dire `{ $nearest }` ?
source-duplicate-column = `{ $file }` a plus d'une colonne `{ $column }`
    .help = renommez l'une d'elles à la source, ou nommez les colonnes sous `header`
source-nested-column = la colonne `{ $column }` de `{ $file }` est de type { $type }, qui n'est pas une valeur simple
    .help = faites correspondre une colonne de valeurs simples
source-unreadable = impossible de lire `{ $file }` : { $cause }
    .help = vérifiez les droits, les identifiants d'accès et le réseau
source-truncated-parquet = le fichier Parquet `{ $file }` est tronqué
    .help = faites livrer le fichier à nouveau : il en manque la fin
source-invalid-parquet = `{ $file }` n'est pas un fichier Parquet valide
    .help = vérifiez le `format` de la source, ou faites livrer le fichier à nouveau
source-changed = `{ $file }` a changé pendant sa lecture
    .help = relancez quand le fichier est complet ; rien n'en a été intégré deux fois
source-bad-location = on ne peut pas lire depuis `{ $path }` : { $cause }
    .help = `path` attend un fichier, un dossier avec `*` dans le dernier segment, ou une URL telle que s3://bucket/fichier.csv
source-unknown-encoding = il n'y a pas d'encodage `{ $encoding }`
    .help = employez un nom tel que `utf-8`, `windows-1252` ou `iso-8859-15`
source-bad-separator = `{ $value }` ne peut pas être { $role ->
        [delimiter] le délimiteur
        [quote] le guillemet
        [decimal] le séparateur décimal
       *[other] { $role }
    }
    .help = employez un caractère qui tient en un octet dans l'encodage de la source, ne finit pas de ligne et ne sépare rien d'autre
source-unknown-field = le schéma `{ $schema }` n'a pas de champ `{ $field }`
    .help = corrigez le nom sous `columns`, `constants` ou `contract` de la source
source-unknown-field-near = le schéma `{ $schema }` n'a pas de champ `{ $field }`
    .help = vouliez-vous dire `{ $nearest }` ?
source-bad-date-format = `{ $format }` ne permet pas de lire une date pour `{ $field }`
    .help = employez un modèle tel que `%d/%m/%Y` ou `%Y-%m-%d %H:%M:%S`
source-unused-format = `{ $field }` n'est ni une date ni un horodatage et ne prend pas de `format`
    .help = retirez `format` de sa correspondance
source-bad-constant = la constante de `{ $field }` n'est pas du type du champ
    .help = le champ attend : { $expected }
source-mapped-and-constant = `{ $field }` figure sous `columns` et sous `constants`
    .help = gardez l'un des deux
source-required-not-mapped = le contrat exige `{ $field }`, auquel aucune colonne ne correspond
    .help = faites-lui correspondre une colonne, ou retirez-le de `contract.required`


### Diagnostics des lignes

too-few-fields = { $found } champs, alors que l'en-tête en a { $expected }
    .help = cherchez un délimiteur manquant, ou un saut de ligne dans un champ sans guillemets
too-many-fields = { $found } champs, alors que l'en-tête en a { $expected }
    .help = cherchez un délimiteur dans un champ sans guillemets
unclosed-quote = un guillemet est ouvert et n'est pas refermé avant la fin du fichier
    .help = refermez-le, ou doublez un guillemet qui fait partie de la valeur
row-too-long = la ligne dépasse { $most } octets
    .help = cherchez un guillemet non refermé ou une fin de ligne manquante
field-too-long = la colonne `{ $column }` contient { $bytes } octets, { $most } sont admis
    .help = raccourcissez la valeur, ou relevez `contract.max_field_bytes`
nul-byte = la colonne `{ $column }` contient un octet nul
    .help = retirez-le à la source : un texte n'en contient jamais
line-nul-byte = la ligne contient un octet nul
    .help = retirez-le à la source : un texte n'en contient jamais
invalid-encoding = la colonne `{ $column }` n'est pas du { $encoding } valide
    .help = vérifiez l'`encoding` de la source, ou faites livrer la ligne à nouveau
line-invalid-encoding = la ligne n'est pas du { $encoding } valide
    .help = vérifiez l'`encoding` de la source, ou faites livrer la ligne à nouveau
not-json = la ligne n'est pas du JSON à partir du caractère { $position }
    .help = écrivez un objet JSON par ligne
not-an-object = la ligne est du JSON, mais pas un objet
    .help = écrivez un objet JSON par ligne
missing-key = la colonne `{ $column }` de la clé est vide
    .help = sans sa clé, une ligne ne se distingue pas des autres : renseignez-la à la source
missing-subject = la colonne `{ $column }` est vide : on ignore à qui l'événement est arrivé
    .help = renseignez-la à la source
missing-required = la colonne `{ $column }`, pour `{ $field }`, est vide
    .help = renseignez-la à la source, ou retirez le champ de `contract.required`
number-too-long = la colonne `{ $column }` contient un nombre de plus de chiffres que l'on n'en peut garder
    .help = faites-le livrer comme texte
not-a-value = la colonne `{ $column }` contient une liste ou un objet, pas une valeur simple
    .help = faites correspondre une valeur qu'elle contient, telle que `{ $column }.name`
not-an-integer = la colonne `{ $column }` ne contient pas de nombre entier
    .help = une valeur telle que { $expected } est attendue
not-a-number = la colonne `{ $column }` ne contient pas de nombre
    .help = une valeur telle que { $expected } est attendue ; `decimal` de la source fixe le séparateur décimal
not-a-date = la colonne `{ $column }` ne contient pas de date
    .help = la forme attendue est { $expected } ; le `format` de la correspondance fixe le modèle
not-a-timestamp = la colonne `{ $column }` ne contient pas d'horodatage
    .help = la forme attendue est { $expected } ; le `format` de la correspondance fixe le modèle
not-a-boolean = la colonne `{ $column }` ne contient ni oui ni non
    .help = l'une de ces valeurs est attendue : { $expected }
conflicting-rows = une autre ligne de ce chargement a la même clé ({ $columns }) et un autre contenu
    .help = rien ne dit laquelle compte : n'en faites livrer qu'une, ou renseignez `updated_at`


### Diagnostics des clés

keyring-missing = il n'y a pas de trousseau { $path }
    .help = restaurez-le depuis sa sauvegarde ; sans lui, rien de scellé ne peut être ouvert
keyring-exists = il y a déjà un trousseau { $path }
    .help = il n'est jamais écrasé : nommez un autre fichier sous `keyring`
keyring-too-open = d'autres peuvent lire le trousseau { $path } (mode { $mode })
    .help = chmod 600 { $path }
keyring-unreadable = impossible de lire le trousseau { $path } : { $reason }
    .help = vérifiez que vous avez le droit de le lire
keyring-unwritable = impossible d'écrire le trousseau { $path } : { $reason }
    .help = vérifiez que le dossier existe, que vous avez le droit d'y écrire et que le disque n'est pas plein
keyring-unknown-format = le trousseau { $path } est au format { $found }, cette version connaît { $known }
    .help = employez une version plus récente de vermeil
keyring-malformed = le trousseau { $path } est endommagé : { $what }
    .help = restaurez-le depuis sa sauvegarde
keyring-unknown-generation = le trousseau { $keyring } n'a pas de génération { $generation }
    .help = ce trousseau n'est pas celui qui a scellé, ou il est plus ancien : restaurez le bon depuis sa sauvegarde
keyring-refused = le trousseau { $keyring } n'ouvre pas ce que sa génération { $generation } devrait avoir scellé
    .help = les pages de clés ou le trousseau ont été modifiés ou viennent d'ailleurs : restaurez les deux depuis une même sauvegarde
keyring-busy = un autre processus écrit le trousseau { $path } depuis une minute
    .help = attendez qu'il ait fini, puis réessayez
keyring-exchanged = le fichier { $path } contient à présent le trousseau { $found }, et non plus { $expected }
    .help = remettez le bon trousseau en place, puis réessayez
keyring-other-provider = le trousseau { $path } est tenu par le fournisseur `{ $expected }`, le fichier de pipeline nomme `{ $given }`
    .help = nommez `{ $expected }` sous `keyring.provider`
keyring-garbled = le fournisseur de clés du trousseau { $keyring } ne rend pas, pour { $secret }, ce qui lui avait été confié
    .help = vérifiez que l'adresse mène à votre service de gestion de clés, sans rien entre les deux, puis réessayez
keyring-destroyed-generation = la génération { $generation } du trousseau { $keyring } a été effacée le { $since } : ce qu'elle a scellé ne s'ouvre plus
    .help = rien ne peut la faire revenir ; ne restaurez aucune sauvegarde antérieure à cette date
keyring-lost-generation = le fournisseur de clés du trousseau { $keyring } n'a plus la clé de la génération { $generation }
    .help = faites-la restaurer chez lui ; si elle a été détruite à dessein, ce qu'elle a scellé ne s'ouvre plus
keyring-current-generation = la génération { $generation } du trousseau { $keyring } est la plus récente et ne peut être détruite
    .help = faites d'abord tourner les clés
keyring-destruction-open = la génération { $generation } du trousseau { $keyring } n'est pas encore détruite
    .help = menez d'abord sa destruction à terme : seul le fournisseur qui tient sa clé le peut
keyring-secret-missing = la variable d'environnement { $variable }, dont le trousseau a besoin, n'est pas définie
    .help = définissez-la, ou nommez-en une autre sous `keyring.provider`
keyring-secret-malformed = la variable d'environnement { $variable } ne contient pas de clé
    .help = sont attendus 32 octets en base 64, comme `openssl rand -base64 32` les écrit
keyring-authority-unreadable = impossible de lire les autorités dans { $file } : { $reason }
    .help = vérifiez `authority` sous `keyring.provider`
key-provider-refused = { $provider ->
        [passphrase] la phrase secrète n'ouvre pas le trousseau
       *[other] la clé donnée pour le fournisseur `{ $provider }` n'ouvre pas le trousseau
    }
    .help = donnez celle avec laquelle il a été créé ; si c'est la bonne, le fichier a été modifié : restaurez-le depuis sa sauvegarde
key-provider-key-gone = le fournisseur de clés n'a pas de clé `{ $key }`
    .help = faites-la restaurer chez lui, ou vérifiez que l'adresse, le préfixe et le compte sont ceux de la création du trousseau
key-provider-unavailable = le fournisseur de clés { $address } est inutilisable pour l'instant : { $reason }
    .help = vérifiez son adresse, qu'il tourne et qu'il est descellé, puis réessayez : rien n'est perdu
key-provider-denied = le fournisseur de clés { $address } refuse l'accès
    .help = vérifiez que les identifiants sont justes et non expirés, et qu'ils permettent de créer, d'employer et de supprimer des clés
key-provider-garbled = le fournisseur de clés { $address } donne une réponse qui n'a pas de sens : { $what }
    .help = vérifiez que l'adresse mène à votre service de gestion de clés, sans rien entre les deux, puis réessayez
key-provider-misconfigured = le fournisseur de clés { $address } est inutilisable tel qu'il est réglé : { $problem ->
        [no_url] son adresse n'est pas une URL
        [plain_http] son adresse commence par http:// et mène à une autre machine
        [no_certificates] les certificats de son autorité ne sont pas un fichier PEM
        [no_credentials] les identifiants ne peuvent pas être envoyés tels quels
        [no_mount] il n'y a pas de moteur transit à ce point de montage
        [unsuitable_key] une clé de ce nom y est déjà, et elle est d'une autre nature
        [no_module] le module PKCS#11 ne peut pas être chargé
       *[no_token] il n'y a pas de jeton portant cette étiquette
    }
    .help = corrigez `keyring` du fichier de pipeline, ou le service
key-page-damaged = la page de clés { $page } est endommagée
    .help = restaurez la base d'état depuis sa sauvegarde
keyring-outdated = le trousseau s'arrête à la génération { $generation }, mais des clés sont passées à une génération suivante
    .help = restaurez la dernière sauvegarde du trousseau
key-generation-in-use = la génération { $generation } est encore en usage ; pages de clés qui en dépendent : { $pages }
    .help = `vermeil keys rotate` les passe à la génération la plus récente
sealed-newer = une valeur a été scellée par une version plus récente
    .help = employez une version plus récente de vermeil
sealed-refused = une valeur scellée ne s'ouvre pas : { $reason }
    .help = elle a été modifiée, ou déplacée depuis un autre endroit : restaurez la table depuis une sauvegarde


### Diagnostics de la base d'état

state-newer = la base d'état { $database } est en version { $found }, cette version connaît { $known }
    .help = employez une version plus récente de vermeil
state-unwritable = impossible d'écrire la base d'état { $database } : { $reason }
    .help = vérifiez que le dossier existe, que vous avez le droit d'y écrire et que le disque n'est pas plein
state-disk-full = le disque de la base d'état { $database } est plein
    .help = libérez de la place et relancez : rien n'est perdu
state-busy = un autre processus occupe la base d'état { $database }
    .help = attendez qu'il se termine, puis réessayez
state-damaged = la base d'état { $database } est endommagée, ou n'en est pas une : { $reason }
    .help = restaurez-la depuis sa sauvegarde ; sans ses clés, rien de scellé ne peut être ouvert
state-wrong-keyring = la base d'état { $database } appartient au trousseau { $expected }, et non à { $given }
    .help = nommez le bon fichier sous `keyring`, ou un autre sous `state`
state-wrong-tenant = la base d'état { $database } appartient au locataire `{ $expected }`, et non à `{ $given }`
    .help = corrigez `name` dans le fichier de pipeline, ou nommez un autre fichier sous `state`
state-ahead-of-lake = le chargement { $load } de la source `{ $source }` a été confirmé, mais le lac s'arrête au chargement { $lake }
    .help = restaurez le lac et la base d'état d'un même instant
state-behind-lake = le lac contient le chargement { $lake } de la source `{ $source }`, dont la base d'état { $database } ne sait rien
    .help = restaurez la base d'état depuis sa sauvegarde ; sans ses clés, rien de ce que contient le lac ne peut être ouvert
state-out-of-turn = { $what ->
        [load] le chargement
        [run] l'exécution
        [publication] la publication
        [erasure] l'effacement
        [token] le jeton
        [job] la tâche
        [request] la demande
        [notice] l'avis
       *[other] { $what }
    } { $number } n'est pas en cours : jamais commencé, déjà fini, ou devancé par un autre processus
    .help = relancez ; si cela se reproduit, merci de le signaler
state-failed = la base d'état { $database } a échoué : { $reason }
    .help = vérifiez le disque où elle se trouve, puis réessayez
state-url-missing = la variable d'environnement { $variable }, qui porte l'URL de la base d'état, n'est pas définie
    .help = donnez-lui une URL telle que `postgresql://user:password@host/database`
state-bad-url = l'URL de la base d'état n'est pas celle d'un PostgreSQL, ou porte un paramètre inconnu
    .help = écrivez-la comme `postgresql://user@host:5432/database?sslmode=verify-full` ; `%` et deux chiffres hexadécimaux remplacent ce qui a un sens dans une URL
state-unreachable = le serveur de la base d'état { $database } ne répond pas : { $reason }
    .help = vérifiez qu'il tourne et que cette machine peut l'atteindre, puis relancez : ce qui a été validé y est
state-login-refused = le serveur de la base d'état { $database } refuse la connexion
    .help = vérifiez l'utilisateur et le mot de passe ; le journal du serveur dit pourquoi
state-too-many-connections = le serveur de la base d'état { $database } n'a plus de connexion libre
    .help = chaque processus en prend jusqu'à sept : augmentez `max_connections` du serveur ou la limite du compte
state-unfit = { $database } ne peut servir de base d'état : { $reason }
    .help = créez la base (`CREATE DATABASE … ENCODING 'UTF8'`) et le schéma de son chemin de recherche
state-not-permitted = le compte n'a pas les droits nécessaires dans la base d'état { $database } : { $reason }
    .help = faites-en le propriétaire de son schéma : il y crée des tables et les entretient
lake-other-format = le lac de la base d'état { $database } est au format { $found }, cette version connaît { $known }
    .help = employez la version de vermeil qui l'a écrit, ou une plus récente


### Diagnostics du lac et des requêtes

keyring-missing-for-lake = le trousseau { $keyring } manque, alors que le lac { $lake } a été scellé avec lui
    .help = restaurez le trousseau depuis sa sauvegarde ; un nouveau n'ouvrirait rien
lake-location-invalid = `{ $location }` ne peut pas accueillir un lac
    .help = `lake` attend un dossier ou une URL telle que s3://bucket/lac
lake-unwritable = impossible d'écrire dans le lac { $lake }
    .help = vérifiez que vous avez le droit d'y écrire et que le disque n'est pas plein ; pour un stockage objet, le compartiment, les identifiants et le réseau
lake-unreadable = impossible de lire le lac { $lake }
    .help = vérifiez les droits, les identifiants d'accès et le réseau
lake-damaged = { $lake }/vermeil.json est endommagé
    .help = restaurez-le depuis une sauvegarde
lake-newer = le lac { $lake } est au format { $found }, cette version connaît les formats jusqu'à { $known }
    .help = employez une version plus récente de vermeil
lake-of-another-keyring = le lac { $lake } a été scellé avec le trousseau { $keyring }, et non avec celui-ci
    .help = nommez le bon fichier sous `keyring`, ou un autre `lake`
no-lake = il n'y a pas encore de lac { $lake }
    .help = `vermeil run` en crée un
storage-full = le stockage de { $table } est plein
    .help = libérez de la place et relancez : rien n'est perdu
reader-version = un autre programme a porté la table { $table } à la version de lecture Delta { $version }
    .help = réécrivez-la dans ce programme, sans correspondance de colonnes ni vecteurs de suppression
damaged-value = la table { $table } contient une valeur scellée qui ne s'ouvre pas
    .help = restaurez la table, ou la base d'état, depuis une sauvegarde
unknown-role = il n'y a pas de rôle `{ $role }`
    .help = le pipeline déclare : { $declared }
not-a-reader = le rôle `{ $role }` ne peut pas lire
    .help = les fichiers de `policies` ne lui permettent rien ; `vermeil policy show` imprime qui voit quoi
purpose-not-granted = le rôle `{ $role }` ne peut pas lire pour la finalité `{ $purpose }`
    .help = il le peut pour : { $granted } ; sans `--purpose`, les champs ordinaires et les pseudonymes restent lisibles ; `vermeil policy show` imprime qui voit quoi
    .otherwise = il ne le peut pour aucune finalité ; sans `--purpose`, les champs ordinaires et les pseudonymes restent lisibles ; `vermeil policy show` imprime qui voit quoi
row-denied = le rôle `{ $role }` ne peut pas voir les lignes telles que livrées pour la finalité `{ $purpose }`
    .help = une ligne peut contenir n'importe quoi : il faut une finalité qui ouvre toutes les classes de données personnelles
find-denied = le rôle `{ $role }` ne peut pas chercher par `{ $field }` pour la finalité `{ $purpose }`
    .help = il faut une finalité qui ouvre la classe du champ : savoir si quelqu'un est ici est déjà une donnée personnelle
rectify-denied = le rôle `{ $role }` ne peut pas rectifier `{ $field }` pour la finalité `{ $purpose }`
    .help = il faut une finalité qui ouvre les identifiants et la classe du champ
rectify-not-a-field = ce n'est pas un champ du schéma `{ $schema }`
    .help = nommez un champ comme le fait le schéma, par exemple `email`
rectify-not-a-value = ce n'est pas une valeur du champ `{ $field }`
    .help = il faut une ligne sur l'entrée standard, non vide, et du type du champ : les dates comme 1984-07-03, true ou false ; `--withdraw` retire ce qui a été rectifié
nothing-rectified = rien n'a été rectifié dans ce champ qui puisse être retiré
    .help = `vermeil explain` liste ce qui a été rectifié dans un profil
resolve-denied = le rôle `{ $role }` ne peut pas demander qui est une personne pour la finalité `{ $purpose }` (par : { $fields })
    .help = il faut une finalité qui ouvre les classes de ces champs : savoir si quelqu'un est ici est déjà une donnée personnelle
resolve-unknown-field = un nom de la question n'est pas un champ de `{ $schema }`
    .help = vouliez-vous dire `{ $nearest }` ?
    .otherwise = employez des noms de champs
field-not-indexed = les enregistrements ne se trouvent pas par ce champ
    .help = ils se trouvent par : { $indexed }
index-incomplete = l'index ne couvre pas encore les enregistrements de la source `{ $source }`
    .help = `vermeil run` le complète
sql-invalid = la requête ne peut pas être exécutée : { $message }
    .help = les tables sont `golden.profiles`, `golden.members`, `golden.history`, `golden.provenance`, `landing.<source>`, `landing.quarantine`, `resolved.links`
not-a-query = `{ $statement }` n'est pas une requête de lecture
    .help = seule la lecture est permise ici : commencez par SELECT ou WITH
query-failed = la requête a échoué pendant son exécution : { $reason }
    .help = corrigez la requête ; les valeurs ne sont pas montrées, car elles peuvent être personnelles
decision-not-two = une décision en concerne deux : les deux identifiants désignent les mêmes enregistrements, ou aucun enregistrement ne resterait
    .help = `vermeil explain ID` montre les enregistrements d'un profil
model-too-few-records = un modèle de rapprochement se conserve à partir de { $least } enregistrements, il y en a { $found }
    .help = d'ici là, chaque exécution estime le sien
decision-not-a-member = l'enregistrement { $record } n'est pas dans le profil { $profile }
    .help = `vermeil explain { $profile }` montre ses enregistrements
decision-contradicts = ceci contredit des décisions antérieures : { $decisions }
    .help = `vermeil decisions` les liste ; `vermeil undo` en lève une
decision-reason-length = le motif doit tenir en une ligne de 1 à { $limit } caractères
    .help = renvoyez à un ticket pour en dire plus
decision-reason-personal = le motif contient ce qui ressemble à l'adresse ou au numéro d'une personne
    .help = les motifs sont conservés en clair : ne nommez personne, renvoyez à un ticket
profiles-not-for-purpose = les profils ne sont pas faits pour la finalité `{ $purpose }`
    .help = `match.purposes`, dans le fichier du pipeline, nomme celles pour lesquelles ils sont faits
nothing-published = rien n'est encore publié
    .help = `vermeil run` crée les profils de référence
erase-denied = le rôle `{ $role }` ne peut pas effacer pour la finalité `{ $purpose }`
    .help = il faut pouvoir ouvrir toutes les classes
erase-nobody-found = personne n'est trouvé
    .help = qui n'a jamais été connu et qui est effacé reçoivent la même réponse
restored-backup = la base d'état est plus ancienne que le registre des effacements : c'est une sauvegarde restaurée
    .help = `vermeil run` ou toute autre commande rejoue ce qui lui manque ; un aperçu n'écrit rien
restore-drill-copy = impossible de copier { $place } : { $reason }
    .help = --state désigne une copie de la base d'état, --lake le dossier du lac tel qu'il était alors
erase-several-people = { $people } personnes ont cette valeur
    .help = désignez-en une par l'identifiant d'un profil, que donne `vermeil find`
erase-same-account = l'effacement { $number } a été ouvert par ce compte
    .help = un autre compte du système doit l'approuver
erase-not-due = l'effacement { $number } est { $status ->
        [open] ouvert
        [approved] approuvé
        [running] en cours
        [complete] achevé
       *[other] retiré
    }
    .help = `vermeil erase status` dit la suite
erase-changed = la personne de l'effacement { $number } a désormais des enregistrements qui n'ont pas été approuvés
    .help = il est de nouveau ouvert : examinez-le et faites-le approuver encore
state-outdated = une personne devait être effacée depuis le début de la publication { $publication }
    .help = relancez : ce qui a été lu avant n'est pas publié
retention-not-a-period = `{ $place }` n'est pas une durée
    .help = une durée s'écrit `P3Y`, `P18M` ou `P30D`
request-transition = une demande { $from ->
        [identity_unverified] à identité non établie
        [pending] à traiter
        [approved] approuvée
        [in_progress] en cours
        [restricted] limitée
        [completed] achevée
        [refused] refusée
        [cancelled] retirée
       *[other] en double
    } ne peut devenir { $to ->
        [identity_unverified] à identité non établie
        [pending] à traiter
        [approved] approuvée
        [in_progress] en cours
        [restricted] limitée
        [completed] achevée
        [refused] refusée
        [cancelled] retirée
       *[other] en double
    }
    .help = `vermeil request show` dit la suite
request-extended-before = le délai a déjà été prolongé
    .help = il n'y a pas de seconde prolongation
request-extended-late = le premier mois s'est achevé le { $end } : le délai ne peut plus être prolongé
    .help = répondez maintenant
request-paused = le délai est déjà suspendu
    .help = `vermeil request resume` le fait reprendre
request-running = le délai n'est pas suspendu
    .help = `vermeil request show` dit les jours de suspension
request-backwards = ce jour précède le { $day }
    .help = vérifiez l'horloge de cette machine
request-identified = le délai n'est suspendu que si l'identité est en doute
    .help = prolongez plutôt le délai pendant le premier mois
request-same-account = ce compte a ouvert la demande
    .help = un autre compte du système doit l'approuver
request-no-approval = seul un effacement s'approuve
    .help = `vermeil request run` exécute la demande
request-held = la demande est suspendue jusqu'au { $until }
    .help = `vermeil request release` met fin à la suspension
request-not-held = rien ne suspend la demande, ou sa nature ne le permet pas
    .help = seul un effacement se suspend
request-hold-past = la suspension serait déjà terminée
    .help = donnez un jour à venir
request-not-told = la personne doit être prévenue avant la levée de la limitation
    .help = donnez le jour où elle l'a été
request-absolute = une opposition à la prospection est suivie, quoi qu'il en soit
    .help = seules l'identité et la forme de la demande peuvent motiver un refus
request-denied = le rôle `{ $role }` ne peut pas traiter de demandes pour la finalité `{ $purpose }`
    .help = il faut pouvoir ouvrir toutes les classes
request-no-identifier = la demande ne désigne personne
    .help = un champ par lequel les enregistrements se trouvent, comme `email`, ou `id`
request-nothing-to-rectify = la demande ne dit pas ce qui doit figurer où
    .help = `set` nomme des champs avec les valeurs attendues
request-not-received-yet = une demande ne peut avoir été reçue après aujourd'hui
    .help = `--received` est le jour de son arrivée
opendsr-another-under-this-id = une autre demande est arrivée sous cet identifiant
    .help = le responsable donne à chaque demande un identifiant à elle
opendsr-not-pending = la demande { $number } n'est plus en attente
    .help = ce qui a commencé ne se rappelle pas
subject-not-yours = ce n'est pas un point de contact de la personne qui demande
    .help = la page montre ceux qui le sont
subject-no-say = la finalité `{ $purpose }` ne repose sur aucun consentement et ne connaît pas d'opposition
    .help = `purposes` du pipeline dit sur quoi repose chacune
subject-role-without-account = le rôle `{ $role }` est celui des personnes sans compte
    .help = `vermeil request invite` leur donne un lien ; les jetons sont pour d'autres rôles
download-nothing-to-take = il n'y a rien à retirer
    .help = { $kind ->
        [rectification] ce qui est rectifié se voit dès le prochain passage
       *[other] `vermeil request run` exécute la demande
    }
download-not-taken = la réponse à la demande { $number } n'a pas encore été retirée, ou pas entière
    .help = attendez, ou donnez un autre lien : `vermeil request link { $number }`
request-no-folder = la réponse doit aller quelque part
    .help = `--to` nomme un dossier à créer
request-folder-taken = { $folder } existe déjà
    .help = nommez un dossier qui n'existe pas
request-unwritable = impossible d'écrire { $file }
    .help = vérifiez que le dossier parent est accessible en écriture, puis relancez la demande
erase-held = la demande { $number } suspend cet effacement jusqu'au { $until }
    .help = `vermeil request release { $number }` met fin à la suspension
cli-request-malformed = l'entrée standard ne désigne personne
    .help = un objet JSON de champs et de textes, comme `{ "{" }"email": "…"{ "}" }`
package-form = ce n'est pas le manifeste d'un dossier de réponse
    .help = `manifest.json` figure dans le dossier créé par `vermeil request run --to`
package-signature = le manifeste n'est pas tel qu'il a été signé, ou une autre clé l'a signé
    .help = `vermeil audit key` imprime la clé d'un pipeline
package-checkpoint = le manifeste et son point de contrôle ne vont pas ensemble
    .help = ne vous fiez ni à l'un ni à l'autre
package-changed = { $file } n'est pas tel qu'il a été signé
    .help = redemandez le dossier
package-foreign = { $file } n'appartient pas au dossier
    .help = le manifeste ne le nomme pas
package-unreadable = impossible de lire { $file }
    .help = vérifiez que le dossier est entier
certificate-form = ce n'est pas un certificat d'effacement
    .help = c'est le JSON qu'imprime `vermeil erase certificate`
certificate-signature = le certificat n'est pas tel qu'il a été signé, ou une autre clé l'a signé
    .help = `vermeil audit key` imprime la clé d'un pipeline
certificate-checkpoint = le certificat et son point de contrôle ne vont pas ensemble
    .help = ne vous fiez ni à l'un ni à l'autre
certificate-unproven = le certificat déclare qu'il restait quelque chose
    .help = il ne prouve aucun effacement
unknown-id = il n'y a pas { $what ->
        [profile] de profil
        [record] d'enregistrement
        [row] de ligne en quarantaine
        [decision] de décision en vigueur
        [erasure] de demande d'effacement de numéro
        [token] de jeton en vigueur de numéro
       *[other] de { $what }
    } { $id }
    .help = les identifiants figurent dans `golden.profiles`, dans `golden.members` et dans `vermeil quarantine ls`
value-erased = { $what ->
        [row] la ligne en quarantaine
       *[other] { $what }
    } { $id } a été effacée le { $at }
    .help = sa clé a été détruite : rien ne la fera revenir, dans aucune sauvegarde
counts-do-not-add-up = les totaux ne concordent pas : { $counts }
    .help = rien n'est perdu, mais c'est un défaut : merci de le signaler


### Diagnostics des clients inventés

synth-folder = impossible de créer le dossier { $folder } : { $cause }
    .help = vérifiez que vous avez le droit d'y écrire et que le disque n'est pas plein ; pour un stockage objet, le compartiment, les identifiants et le réseau
synth-write = impossible d'écrire { $file } : { $cause }
    .help = vérifiez que vous avez le droit d'y écrire et que le disque n'est pas plein ; pour un stockage objet, le compartiment, les identifiants et le réseau
synth-truth-read = impossible de lire { $file } : { $cause }
    .help = écrivez à nouveau les silos
synth-truth-malformed = { $file }:{ $line } : ce n'est pas une ligne de la vérité
    .help = la forme attendue est `source,key,person_id` : écrivez à nouveau les silos


### Diagnostics du journal d'audit

audit-unwritable = le journal d'audit dans { $folder } ne peut pas être écrit, donc rien n'a été ouvert
    .help = vérifiez que vous pouvez y écrire ; `audit` dans le fichier de pipeline nomme le dossier
audit-full = le disque du journal d'audit dans { $folder } est plein, donc rien n'a été ouvert
    .help = faites de la place et réessayez
audit-unreadable = impossible de lire { $file } du journal d'audit
    .help = vérifiez qu'il existe et que vous pouvez le lire
audit-no-log = il n'y a pas de journal d'audit dans { $folder }
    .help = il commence avec la première ouverture de champs personnels ; s'il y en a eu une, restaurez-le depuis sa sauvegarde
audit-damaged = le journal d'audit dans { $folder } n'est pas tel qu'il a été signé : { $reason }
    .help = rien n'est ouvert tant qu'il n'est pas restauré depuis sa sauvegarde ; `vermeil audit verify` montre ce qui a été modifié
audit-foreign-key = le journal d'audit dans { $folder } finit par un point de contrôle que `{ $key }` n'a pas signé
    .help = il appartient à un autre trousseau, ou son point de contrôle a été modifié : restaurez trousseau et journal du même instant
audit-not-a-checkpoint = { $file } ne contient aucun point de contrôle signé par `{ $key }`
    .help = gardez ailleurs, telle quelle, une copie d'un fichier `.checkpoint` de ce journal
audit-denied = le rôle `{ $role }` ne peut pas lire le journal d'audit
    .help = une politique qui permet l'action `audit` le laisse lire ; `vermeil policy show` dit à qui
audit-entry-unreadable = { $file }:{ $line } : cette ligne n'est pas une entrée
    .help = elle a été modifiée ou endommagée : comparez-la à une sauvegarde
audit-entry-misplaced = { $file }:{ $line } : l'entrée { $found } se trouve à la place de l'entrée { $expected }
    .help = des entrées ont été retirées, ajoutées ou déplacées ici
audit-entry-changed = { $file }:{ $line } : les entrées avant cette ligne ne sont pas celles après lesquelles elle a été écrite
    .help = le plus probable : l'entrée juste avant a été modifiée
audit-segment-start = { $file }:{ $line } : un segment commence par une entrée qui lui est propre, et ici non
    .help = des entrées ont été retirées, ajoutées ou déplacées ici
audit-entries-missing = { $file }:{ $line } : il manque { $missing } entrées signées à la fin
    .help = le fichier a été tronqué : restaurez-le depuis sa sauvegarde
audit-entries-unsigned = { $file }:{ $line } : à partir d'ici, aucun point de contrôle ne couvre les entrées
    .help = quelqu'un d'autre les a ajoutées, ou le point de contrôle a été remplacé par un plus ancien
audit-root-differs = { $file }:{ $line } : les entrées jusqu'ici ne sont pas celles que le point de contrôle signe
    .help = le plus probable : la dernière entrée a été modifiée
audit-segments-missing = { $file }:{ $line } : il ne reprend pas là où finit le segment précédent, { $former }
    .help = un segment manque entre les deux, ou l'un des deux a été remplacé
audit-beginning-missing = le journal commence par l'entrée { $first }, et aucune entrée ne dit que les précédentes ont expiré
    .help = des segments ont été supprimés, mais pas par `vermeil audit expire`
audit-origin-differs = { $file }:{ $line } : le segment appartient à un autre journal, { $origin }
    .help = il vient d'ailleurs
audit-checkpoint-missing = { $file } manque
    .help = sans lui, rien ne montre que le segment est entier : restaurez-le depuis sa sauvegarde
audit-checkpoint-invalid = { $file } n'est pas un point de contrôle signé par cette clé
    .help = il a été modifié, ou appartient à un autre journal ; `vermeil audit key` affiche la clé d'un pipeline
audit-put-back = { $signed } entrées sont signées, mais il y en avait { $remembered } au point de contrôle gardé ailleurs
    .help = journal et point de contrôle ont été ramenés à un état antérieur
audit-history-rewritten = le journal ne prolonge pas le point de contrôle gardé ailleurs : ses entrées jusque-là sont autres
    .help = il a été ramené à un état antérieur et continué à partir de là
audit-append-cut-short = { $file } : les { $bytes } derniers octets ne sont pas signés : un ajout a été interrompu
    .help = personne n'a agi sur leur foi ; le prochain ajout les met de côté ou les complète
audit-tails-set-aside = ajouts interrompus et mis de côté : { $count }
    .help = les entrées disent quel fichier garde ce qu'un arrêt brutal a laissé ; personne n'a agi sur sa foi
audit-clock-went-back = entrées dont l'instant précède celui de l'entrée d'avant : { $count }
    .help = une horloge a été retardée ; l'ordre des entrées est celui de leurs numéros
audit-remembered-expired = le point de contrôle gardé ailleurs est antérieur à l'entrée { $first }, la première conservée
    .help = ce à quoi il pourrait être comparé a expiré
### leak-scan

column-leak-channel = canal
column-leak-place = endroit
column-leak-offset = position
column-leak-encoding = encodage
column-leak-value = valeur
column-leak-count = fois
column-leak-kind = type
column-leak-reason = raison
leak-reason-unreadable = le système refuse de le lire
leak-reason-damaged = commence comme son type, mais ne se décode pas
leak-reason-encrypted = chiffré
leak-reason-not-decoded = ce type n'est pas décodé
leak-reason-too-large = se déploie au-delà de la limite
leak-reason-too-deep = emballé trop profondément
leak-scan-line = ligne { $line }
leak-scan-refused = { $value } : trop court pour être distingué du hasard, n'a pas été cherché
leak-scan-found = Endroits qui contiennent des valeurs en clair : { $findings } (fichiers examinés : { $files }, valeurs : { $values })
leak-scan-clean = Aucune valeur n'est lisible (fichiers examinés : { $files }, valeurs : { $values })
leak-scan-incomplete = Rien n'a été trouvé, mais tout n'a pas pu être examiné (fichiers examinés : { $files }, valeurs : { $values })
leak-scan-corpus = Valeurs semées sous { $folder } : { $planted }. Y chercher { $values } ; { $list } dit ce qui est où
cli-folder-unreadable = impossible de lire le dossier { $folder }
    .help = vérifiez qu'il existe et que vous avez le droit de le lire
leaks-values-unreadable = impossible de lire les valeurs de { $file }
    .help = vérifiez que le fichier existe, que vous avez le droit de le lire et qu'il est en UTF-8
leaks-values-malformed = { $file }:{ $line } : ce n'est pas une valeur
    .help = une valeur par ligne ; ou du CSV d'en-tête `value` ou `label,value` ; ou du NDJSON, un objet de textes par ligne
leaks-values-empty = { $file } ne contient aucune valeur
    .help = écrivez une valeur par ligne
help-consent = Consigne ce que les personnes acceptent et refusent, et le dit
help-consent-give = Consigne qu'une personne accepte
help-consent-give-id = Identifiant d'un enregistrement, ou d'un profil : chacun de ses enregistrements
help-consent-give-contact = Nature de la coordonnée, lue sur l'entrée standard
help-consent-give-country = Pays d'un numéro de téléphone qui ne le dit pas, comme FR
help-consent-give-for = Finalité dont il s'agit
help-consent-give-channel = Comment c'était dit, comme web ou phone
help-consent-give-text-version = Version du texte présenté
help-consent-give-role = Rôle à tenir
help-consent-give-purpose = Finalité, qui ouvre les coordonnées au rôle
help-consent-refuse = Consigne qu'une personne, sollicitée, refuse
help-consent-refuse-id = Identifiant d'un enregistrement, ou d'un profil : chacun de ses enregistrements
help-consent-refuse-contact = Nature de la coordonnée, lue sur l'entrée standard
help-consent-refuse-country = Pays d'un numéro de téléphone qui ne le dit pas, comme FR
help-consent-refuse-for = Finalité dont il s'agit
help-consent-refuse-channel = Comment c'était dit, comme web ou phone
help-consent-refuse-text-version = Version du texte présenté
help-consent-refuse-role = Rôle à tenir
help-consent-refuse-purpose = Finalité, qui ouvre les coordonnées au rôle
help-consent-withdraw = Consigne qu'une personne retire son accord ; effectif aussitôt
help-consent-withdraw-id = Identifiant d'un enregistrement, ou d'un profil : chacun de ses enregistrements
help-consent-withdraw-contact = Nature de la coordonnée, lue sur l'entrée standard
help-consent-withdraw-country = Pays d'un numéro de téléphone qui ne le dit pas, comme FR
help-consent-withdraw-for = Finalité dont il s'agit
help-consent-withdraw-channel = Comment c'était dit, comme web ou phone
help-consent-withdraw-text-version = Version du texte présenté
help-consent-withdraw-role = Rôle à tenir
help-consent-withdraw-purpose = Finalité, qui ouvre les coordonnées au rôle
help-consent-object = Consigne qu'une personne s'oppose à une finalité (art. 21) ; effectif aussitôt
help-consent-object-id = Identifiant d'un enregistrement, ou d'un profil : chacun de ses enregistrements
help-consent-object-contact = Nature de la coordonnée, lue sur l'entrée standard
help-consent-object-country = Pays d'un numéro de téléphone qui ne le dit pas, comme FR
help-consent-object-for = Finalité dont il s'agit
help-consent-object-channel = Comment c'était dit, comme web ou phone
help-consent-object-text-version = Version du texte présenté
help-consent-object-role = Rôle à tenir
help-consent-object-purpose = Finalité, qui ouvre les coordonnées au rôle
help-consent-record = Consigne des déclarations lues sur l'entrée standard, un objet JSON par ligne
help-consent-record-role = Rôle à tenir
help-consent-record-purpose = Finalité, qui ouvre les coordonnées au rôle
help-consent-show = Montre tout ce qui fut dit, et ce qui en vaut encore
help-consent-show-id = Identifiant d'un enregistrement, ou d'un profil : chacun de ses enregistrements
help-consent-show-contact = Nature de la coordonnée, lue sur l'entrée standard
help-consent-show-country = Pays d'un numéro de téléphone qui ne le dit pas, comme FR
help-consent-show-role = Rôle à tenir
help-consent-show-purpose = Finalité, qui ouvre les coordonnées au rôle
help-consent-check = Dit si une personne peut être jointe ou lue pour une finalité ; code de sortie 1 sinon
help-consent-check-id = Identifiant d'un enregistrement, ou d'un profil : chacun de ses enregistrements
help-consent-check-contact = Nature de la coordonnée, lue sur l'entrée standard
help-consent-check-country = Pays d'un numéro de téléphone qui ne le dit pas, comme FR
help-consent-check-for = Finalité dont il s'agit
help-consent-check-role = Rôle à tenir
help-consent-check-purpose = Finalité, qui ouvre les coordonnées au rôle
column-consent-scope = de
column-consent-purpose = finalité
column-consent-status = dit
column-consent-occurred-at = quand
column-consent-expires-at = jusqu'au
column-consent-recorded-by = consigné par
column-consent-channel = canal
column-consent-holds = vaut
consent-status-given = accepté
consent-status-refused = refusé
consent-status-withdrawn = retiré
consent-status-expired = expiré
consent-status-objected = opposé
consent-status-restricted = limité
consent-status-released = levé
consent-status-unknown = rien ne fut dit
consent-scope-email = adresse e-mail
consent-scope-phone = numéro de téléphone
consent-scope-record = personne
basis-consent = consentement
basis-contract = contrat
basis-legal-obligation = obligation légale
basis-vital-interests = intérêts vitaux
basis-public-task = mission d'intérêt public
basis-legitimate-interests = intérêt légitime
consent-holds-yes = oui
consent-holds-no = non
consent-none = rien ne fut dit
consent-taken = { $statements ->
    [one] une déclaration est consignée, et vaut
   *[other] { $statements } déclarations sont consignées, et valent
    }
consent-allowed = Oui, pour { $purpose } ({ $basis } ; dernier mot : { $status }).
consent-not-allowed = Non, pas pour { $purpose } ({ $basis } ; dernier mot : { $status }).
purpose-without-basis = le pipeline ne dit pas sur quelle base la finalité `{ $purpose }` repose
    .help = donnez sa base légale sous `purposes:` dans pipeline.yaml, comme `{ $purpose }: consent`
consent-denied = le rôle `{ $role }` ne peut ni dire ni demander pour la finalité `{ $purpose }` ce que les personnes acceptent
    .help = il faut pouvoir ouvrir les coordonnées
consent-points-missing = les profils datent d'avant la conservation des coordonnées
    .help = `vermeil run` les refait
consent-not-a-contact-point = la déclaration { $position } ne nomme pas de { $scope }
    .help = écrivez une adresse comme a@b.example, un numéro comme +33 6 12 34 56 78
consent-country-missing = la déclaration { $position } nomme un numéro de téléphone sans son pays
    .help = écrivez-le comme +33 6 12 34 56 78, ou donnez le pays : un accord ne vaut que pour un numéro
consent-in-the-future = la déclaration { $position } vient du futur
    .help = donnez le moment avec son décalage, comme 2026-11-22T09:30:00+01:00
consent-not-a-token = `{ $key }` de la déclaration { $position } n'est pas un nom court
    .help = lettres, chiffres et . - _ / : seulement, 64 au plus : on n'y écrit rien d'une personne
consent-nobody = la déclaration { $position } ne nomme personne
    .help = nommez un enregistrement ou un profil comme `vermeil find` les montre, ou une coordonnée
consent-purpose-unfit = la déclaration { $position } demande une finalité, ou n'en admet pas
    .help = une limitation porte sur un enregistrement ou un profil et sur toute finalité, le reste sur une seule
cli-not-a-statement = la ligne { $line } n'est pas une déclaration
    .help = un objet avec un seul de email, phone, id ; purpose, status ; au besoin country, at, expires_at, channel, text_version, proof
help-export = Écrit dans un fichier, pour un destinataire, les profils visibles pour une finalité, et note qui les a reçus
help-export-to = Fichier à écrire, .csv ou .parquet ; il ne doit pas exister
help-export-recipient = Nom court du destinataire, comme mailer
help-export-role = Rôle de lecture
help-export-purpose = Finalité de l'export
help-exports = Montre qui a reçu des profils, quand et pour quoi
column-export-number = export
column-export-recipient = destinataire
column-export-purpose = finalité
column-export-actor = par
column-export-begun-at = quand
export-none = personne n'a rien reçu
export-cut-off = interrompu
export-done = { $profiles ->
    [one] un profil est écrit pour { $recipient }, pour { $purpose }
   *[other] { $profiles } profils sont écrits pour { $recipient }, pour { $purpose }
    }
export-no-purpose = un export a une finalité
    .help = déclarez-la par `--purpose`
export-recipient = ce n'est pas le nom court d'un destinataire
    .help = lettres, chiffres et . - _ / : seulement, 64 au plus, comme `mailer`
export-format = { $file } n'est ni un fichier CSV ni un fichier Parquet
    .help = terminez son nom par .csv ou .parquet
export-unwritable = { $file } ne peut pas être écrit : { $reason }
    .help = nommez un fichier qui n'existe pas encore, dans un dossier accessible en écriture


### Destinataires
help-recipients = Qui a reçu des personnes, et s'il sait qui est effacé ou rectifié (art. 19 RGPD)
help-recipients-ls = Liste les destinataires : ceux qui sont déclarés, et quiconque a reçu un export
help-recipients-pending = Liste les avis qui attendent une réponse
help-recipients-pending-all = Aussi ceux qui ont reçu réponse ou qui n'en auront plus
help-recipients-retry = Avertit de nouveau les destinataires, et achève les effacements qui n'attendaient plus personne d'autre
help-recipients-retry-due = Seulement ceux dont l'heure est venue, comme le fait le service
help-recipients-retry-role = Rôle pour avertir
help-recipients-retry-purpose = Finalité de l'avertissement
help-recipients-message = Affiche le message à un destinataire, pour l'avertir par d'autres moyens ; il nomme la personne comme le destinataire la connaît
help-recipients-message-number = Numéro de l'avis
help-recipients-message-recipient = Nom du destinataire
help-recipients-message-role = Rôle pour lire le message
help-recipients-message-purpose = Finalité de la lecture
help-recipients-receipt = Note ce qu'un destinataire a répondu par d'autres moyens
help-recipients-receipt-number = Numéro de l'avis
help-recipients-receipt-recipient = Nom du destinataire
help-recipients-receipt-answer = Ce qu'il a répondu, en une ligne d'au plus 200 caractères ; ne nommez personne, renvoyez à une lettre ou à un ticket
help-recipients-receipt-role = Rôle pour noter la réponse
help-recipients-receipt-purpose = Finalité de la note
column-recipients-way = averti par
column-recipients-contact = contact
column-recipients-exports = exports
column-recipients-pending = en attente
column-recipients-answered = répondu
column-recipients-unanswered = jamais répondu
column-recipients-notice = avis
column-recipients-kind = objet
column-recipients-state = état
column-recipients-due = réponse attendue
column-recipients-code = dernier essai
column-recipients-next = prochain essai
column-erase-recipients = destinataires à avertir
recipients-none = personne n'est déclaré destinataire ni n'a rien reçu
recipients-nothing-pending = aucun avis n'attend de réponse
recipients-never = jamais répondu
recipients-way-webhook = webhook
recipients-way-folder = dossier
recipients-way-manual = des personnes
recipients-kind-erase = effacement
recipients-kind-rectify = rectification
recipients-state-pending = en attente
recipients-state-answered = répondu
recipients-state-unanswered = jamais répondu
recipients-state-superseded = sans objet
recipients-tried = { $tried ->
    [one] un destinataire a été averti
   *[other] { $tried } destinataires ont été avertis
    }
recipient-not-pending = l'avis { $notice } n'attend pas de réponse de { $recipient }
    .help = `vermeil recipients pending --all` liste tous les avis et leurs destinataires
export-overtaken = quelqu'un devait être effacé depuis le début de l'export { $export }
    .help = supprimez ce qui en a été écrit, et exportez de nouveau
help-consent-tcf = Lit une chaîne TC du cadre d'IAB Europe sur l'entrée standard, et affiche en JSON ce qu'elle dit
tcf-too-long = plus long que toute chaîne TC
tcf-character = le caractère { $at } n'est pas d'une chaîne TC
tcf-version = la version { $found } des chaînes TC n'est pas lue, seule la 2 l'est
    .help = les chaînes de version 1 ont pris fin avec 2020 : demandez de nouveau le consentement
tcf-truncated = la chaîne TC s'arrête dans « { $field } »
tcf-meaningless = la chaîne TC n'a pas de sens à « { $field } »
tcf-segment = le segment { $segment } de la chaîne TC figure deux fois, ou est d'un genre inconnu
help-consent-receipt = Affiche un reçu de ce que quelqu'un a consenti, refusé et retiré : ISO/IEC TS 27560 en JSON-LD
help-consent-receipt-id = Identifiant d'un enregistrement, ou d'un profil : chacun de ses enregistrements
help-consent-receipt-contact = Genre de coordonnée ; elle est lue sur l'entrée standard
help-consent-receipt-country = Pays d'un numéro de téléphone qui ne le dit pas, comme FR
help-consent-receipt-role = Rôle pour agir
help-consent-receipt-purpose = Finalité de l'action, qui ouvre les coordonnées au rôle
